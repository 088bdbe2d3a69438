import { readFile, stat } from 'node:fs/promises';
import { rawPublicKey, TapwattError } from '@tapwatt/firmware-contracts';
import { makeDirectory, syncDirectory, unwritable, writeFileAtomic } from '../data/atomic-file.ts';
import { type DataLayout, type KeyName, ROLE_KEY_NAMES } from '../data/layout.ts';
import { claimDataDirectory } from '../data/schema-version.ts';
import { type KeyTexts, MAX_BACKUP_BYTES, openBackup, sealBackup } from './backup.ts';
import { existingKeys, loadSigningKey } from './gateway-keys.ts';
import type { RandomBytes } from './key-material.ts';

export interface BackupOptions {
  readonly layout: DataLayout;
  readonly file: string;
  readonly passphrase: string;
}

/** Writes all key files of a data directory into one encrypted file. Returns their names. Throws KEY_FILE, BAD_REQUEST. */
export async function backUpKeys(
  options: BackupOptions & { readonly random: RandomBytes },
): Promise<readonly KeyName[]> {
  const { layout } = options;
  const names = await existingKeys(layout);
  if (names.length === 0) throw new TapwattError('KEY_FILE', `${layout.keys} holds no keys.`);
  const entries = await Promise.all(
    names.map(async (name) => [name, await readFile(layout.keyFile(name), 'utf8')]),
  );
  const document = await sealBackup(
    Object.fromEntries(entries) as KeyTexts,
    options.passphrase,
    options.random,
  );
  await writeFileAtomic(options.file, document, { mode: 0o600, onlyIfAbsent: true }).catch(
    (error: unknown) => {
      throw unwritable(options.file, error);
    },
  );
  return names;
}

/**
 * Puts the keys of a backup into a data directory. A key that is there with the same text stays; one with another
 * text stops the whole (KEY_FILE) before anything is written. Returns the names that were written.
 */
export async function restoreKeys(options: BackupOptions): Promise<readonly KeyName[]> {
  const { layout } = options;
  const texts = await openBackup(await readBackup(options.file), options.passphrase);
  await claimDataDirectory(layout);
  const missing = await missingOf(layout, texts);
  await makeDirectory(layout.keys);
  for (const [name, text] of missing) await writeFileAtomic(layout.keyFile(name), text, { mode: 0o600 });
  await restorePublicHalves(layout, missing);
  await syncDirectory(layout.directory);
  return missing.map(([name]) => name);
}

async function readBackup(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > MAX_BACKUP_BYTES)
      throw new TapwattError('KEY_FILE', `${file} is too long for a backup.`);
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof TapwattError) throw error;
    throw new TapwattError('KEY_FILE', `${file} cannot be read.`, { cause: error });
  }
}

async function missingOf(layout: DataLayout, texts: KeyTexts): Promise<[KeyName, string][]> {
  const present = new Set(await existingKeys(layout));
  const missing: [KeyName, string][] = [];
  for (const [key, text] of Object.entries(texts)) {
    const name = key as KeyName;
    if (!present.has(name)) missing.push([name, text]);
    else if ((await readFile(layout.keyFile(name), 'utf8')) !== text) {
      throw new TapwattError(
        'KEY_FILE',
        `${layout.keyFile(name)} is another key than the backup's: nothing was written.`,
      );
    }
  }
  return missing;
}

async function restorePublicHalves(layout: DataLayout, written: readonly [KeyName, string][]): Promise<void> {
  for (const role of ROLE_KEY_NAMES) {
    if (!written.some(([name]) => name === role)) continue;
    const key = await loadSigningKey(layout.keyFile(role), 'development');
    await writeFileAtomic(layout.publicKeyFile(role), `${rawPublicKey(key)}\n`, { mode: 0o644 });
  }
}
