import { generateKeyPairSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf, writeFileAtomic } from '../data/atomic-file.ts';

/** A meter as its factory made it; secrets included. */
export interface FleetMeter {
  readonly meterId: string;
  readonly keyEpoch: number;
  /** Kroot, 64 hex digits. */
  readonly rootKey: string;
  readonly identity: string;
  readonly password: string;
  /** Minor units, decimal. */
  readonly balanceLimit: string;
}

export interface FleetHandset {
  readonly id: string;
  readonly walletId: string;
  /** Ed25519, PKCS#8 PEM. */
  readonly privateKey: string;
  readonly identity: string;
  readonly password: string;
}

/** What simulated devices need to take part. The file is a secret: mode 0600. */
export interface Fleet {
  readonly site: string;
  readonly ledgerId: string;
  readonly broker: { readonly host: string; readonly port: number };
  readonly meters: readonly FleetMeter[];
  readonly handsets: readonly FleetHandset[];
}

/** A fleet file, `undefined` if there is none. Throws BAD_REQUEST if it is damaged. */
export async function readFleet(path: string): Promise<Fleet | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const fleet = JSON.parse(text) as Fleet;
    if (Array.isArray(fleet.meters) && Array.isArray(fleet.handsets)) return fleet;
  } catch (cause) {
    throw new TapwattError('BAD_REQUEST', `${path} is no fleet file.`, { cause });
  }
  throw new TapwattError('BAD_REQUEST', `${path} is no fleet file.`);
}

export async function writeFleet(path: string, fleet: Fleet): Promise<void> {
  await writeFileAtomic(path, `${JSON.stringify(fleet, undefined, 1)}\n`, { mode: 0o600 });
}

/** A new handset key, PKCS#8 PEM. */
export function newHandsetKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}
