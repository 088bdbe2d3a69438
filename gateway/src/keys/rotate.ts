import { TapwattError } from '@tapwatt/firmware-contracts';
import { writeAdminToken } from '../data/admin-token.ts';
import type { DataLayout } from '../data/layout.ts';
import { readKeyFile, writeKeyFile } from './key-file.ts';
import { newKeyBody, type RandomBytes } from './key-material.ts';

export const ROTATABLE = ['mqtt', 'admin'] as const;
export type Rotatable = (typeof ROTATABLE)[number];

/** What a rotation brings about, said before it is done. */
export const ROTATION_CONSEQUENCES: Readonly<Record<Rotatable, string>> = {
  mqtt:
    'Every MQTT password changes at the gateway’s next start: meters and handsets cannot connect until they are given ' +
    'theirs again (tapwatt meter show --secrets, tapwatt handset show). Sealed vouchers are not touched.',
  admin: 'The old administration token stops working at once. Nothing else changes.',
};

/** Why the other keys are not rotated in place. */
export const FIXED_KEYS: Readonly<Record<string, string>> = {
  master:
    'The master key cannot be rotated: every meter’s root key is derived from it and was put in at the factory. ' +
    'To leave a master key, provision each meter again with a new root and an epoch never used before.',
  ledger: 'The ledger key signs the chain of blocks; a new one would begin a new ledger.',
  gateway: 'A new gateway key is a new gateway party: register it under another id, then suspend this one.',
  discom: 'Role keys are registered in the ledger’s first block and have no successor yet.',
  bank: 'Role keys are registered in the ledger’s first block and have no successor yet.',
  agency: 'Role keys are registered in the ledger’s first block and have no successor yet.',
};

/** Replaces the MQTT key or the administration token. Throws KEY_FILE, and FORBIDDEN for a key that is not rotatable. */
export async function rotateKey(what: string, layout: DataLayout, random: RandomBytes): Promise<Rotatable> {
  switch (what) {
    case 'admin':
      await writeAdminToken(layout, random);
      return what;
    case 'mqtt': {
      const path = layout.keyFile('mqtt');
      const { development } = await readKeyFile(path, { profile: 'development' });
      await writeKeyFile(path, { body: newKeyBody('mqtt', random), development });
      return what;
    }
    default:
      throw new TapwattError('FORBIDDEN', FIXED_KEYS[what] ?? `There is no key of the name ${what}.`);
  }
}
