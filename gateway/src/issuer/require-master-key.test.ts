import { bytesToHex } from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import type { Ledger } from '../ledger/ledger.ts';
import { createLocalIssuer } from './local-issuer.ts';
import { requireMasterKey } from './require-master-key.ts';

const payloadHash = new Uint8Array(32).fill(5);
const about = { meterId: '42', keyEpoch: 1, seq: 7 };
const holding = (vouchers: readonly object[]) =>
  ({ evaluate: async () => ({ vouchers }) }) as unknown as Pick<Ledger, 'evaluate'>;
const issuerOf = (fill: number) => createLocalIssuer(new Uint8Array(32).fill(fill), holding([]));
const committed = {
  ...about,
  ...(await issuerOf(1).commitments({ ...about, payloadHash })),
  payloadHash: bytesToHex(payloadHash),
};

it('the master key that the ledger’s vouchers were sealed with is taken', async () => {
  await requireMasterKey(issuerOf(1), holding([committed]), 'master.key');
});

it('any master key will do for a ledger without vouchers', async () => {
  await requireMasterKey(issuerOf(2), holding([]), 'master.key');
});

it('another master key is refused, naming its file', async () => {
  await expect(requireMasterKey(issuerOf(2), holding([committed]), 'master.key')).rejects.toMatchObject({
    code: 'KEY_FILE',
    message: expect.stringContaining('master.key'),
  });
});
