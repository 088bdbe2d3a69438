import { rawPublicKey, TapwattError } from '@tapwatt/firmware-contracts';
import { makeDirectory, syncDirectory, writeFileAtomic } from '../data/atomic-file.ts';
import {
  type DataLayout,
  KEY_NAMES,
  type KeyName,
  ROLE_KEY_NAMES,
  type RoleKeyName,
} from '../data/layout.ts';
import { existingKeys, exists, loadSigningKey } from './gateway-keys.ts';
import { writeKeyFile } from './key-file.ts';
import { newKeyBody, type RandomBytes } from './key-material.ts';

export interface CreateKeysOptions {
  readonly layout: DataLayout;
  /** Marks the keys so that the production profile refuses them. */
  readonly development: boolean;
  readonly random: RandomBytes;
  /** Makes no master key: it lies with the issuer's own process. */
  readonly issuerElsewhere?: boolean;
}

/**
 * Makes the key files that are missing, and returns their names. Refuses (KEY_FILE) once a ledger exists: a new
 * master or ledger key beside old vouchers would be the loss of all of them, so a lost key is restored, not made.
 */
export async function createMissingKeys(options: CreateKeysOptions): Promise<readonly KeyName[]> {
  const { layout } = options;
  const present = new Set(await existingKeys(layout));
  const missing = await asyncFilter(
    KEY_NAMES,
    async (name) => !present.has(name) && !isElsewhere(name, options) && !(await isPublicOnly(layout, name)),
  );
  if (missing.length === 0) return [];
  if (await exists(layout.ledger)) {
    const files = missing.map((name) => `${name}.key`).join(', ');
    throw new TapwattError(
      'KEY_FILE',
      `${layout.keys} lacks ${files}, and a ledger made with them exists: restore a key backup.`,
    );
  }
  await makeDirectory(layout.keys);
  for (const name of missing) await createKey(name, options);
  await syncDirectory(layout.directory);
  return missing;
}

const isElsewhere = (name: KeyName, { issuerElsewhere = false }: CreateKeysOptions): boolean =>
  issuerElsewhere && name === 'master';

async function createKey(name: KeyName, options: CreateKeysOptions): Promise<void> {
  const { layout, development } = options;
  const path = layout.keyFile(name);
  await writeKeyFile(path, { body: newKeyBody(name, options.random), development }, { onlyIfAbsent: true });
  if (isRole(name)) {
    const key = await loadSigningKey(path, development ? 'development' : 'production');
    await writeFileAtomic(layout.publicKeyFile(name), `${rawPublicKey(key)}\n`, { mode: 0o644 });
  }
}

/** A role's private key may have moved to its owner, with the public half left behind. */
async function isPublicOnly(layout: DataLayout, name: KeyName): Promise<boolean> {
  return isRole(name) && (await exists(layout.publicKeyFile(name)));
}

function isRole(name: KeyName): name is RoleKeyName {
  return ROLE_KEY_NAMES.some((role) => role === name);
}

async function asyncFilter<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept = await Promise.all(items.map(keep));
  return items.filter((_, index) => kept[index]);
}
