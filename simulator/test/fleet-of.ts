import { generateKeyPairSync } from 'node:crypto';
import { bytesToHex, identityOf, meterId, meterRootKey } from '@tapwatt/firmware-contracts';
import type { Fleet } from '../src/index.ts';

export const MASTER = new Uint8Array(32).fill(7);
export const SITE = 'site1';
const FIRST_METER = 1_000_000_001n;

/** A fleet with keys of this test's own master. */
export const fleetOf = (port: number, meters: number, handsets = 1): Fleet => ({
  site: SITE,
  ledgerId: 'ledger1',
  broker: { host: '127.0.0.1', port },
  meters: Array.from({ length: meters }, (_, i) => {
    const id = meterId(FIRST_METER + BigInt(i));
    return {
      meterId: id.toString(),
      keyEpoch: 1,
      rootKey: bytesToHex(meterRootKey(MASTER, id)),
      identity: identityOf({ who: 'meter', id: id.toString() }),
      password: 'secret',
      balanceLimit: '1000000',
    };
  }),
  handsets: Array.from({ length: handsets }, (_, i) => ({
    id: `h${i + 1}`,
    walletId: `w${i + 1}`,
    privateKey: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    identity: `h-h${i + 1}`,
    password: 'secret',
  })),
});
