import { readFile, stat } from 'node:fs/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Profile } from '../config/gateway-config.ts';
import { errorCodeOf, writeFileAtomic } from '../data/atomic-file.ts';

/** First line of every development key: whoever opens the file sees it, and the production profile refuses it. */
const DEVELOPMENT_MARK = '# tapwatt development key: refused by the production profile';
const MAX_KEY_FILE_BYTES = 4_096;
/** Group and others. */
const OTHERS = 0o077;

export interface KeyFile {
  /** Without comment lines, trimmed. */
  readonly body: string;
  readonly development: boolean;
}

export interface KeyFileRules {
  readonly profile: Profile;
}

/**
 * Reads a key file. Lines that begin with `#` are comments. Throws KEY_FILE (missing, unreadable, too long, open to
 * others in production) and DEVELOPMENT_KEYS.
 */
export async function readKeyFile(path: string, rules: KeyFileRules): Promise<KeyFile> {
  const text = await readSmallFile(path);
  const development = text.split('\n').some((line) => line.trim() === DEVELOPMENT_MARK);
  if (rules.profile === 'production') {
    if (development) throw new TapwattError('DEVELOPMENT_KEYS', `${path} is a development key.`);
    await refuseOpenMode(path);
  }
  const body = withoutComments(text);
  if (body === '') throw new TapwattError('KEY_FILE', `${path} is empty.`);
  return { body, development };
}

/** The text of a key file without its comment lines. */
export function withoutComments(text: string): string {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  return lines.join('\n').trim();
}

/**
 * Writes a key file (mode 0600, whole or not at all). With `onlyIfAbsent` an existing key stays as it is, so that two
 * processes that start together agree on one key.
 */
export async function writeKeyFile(
  path: string,
  file: KeyFile,
  options: { readonly onlyIfAbsent?: boolean } = {},
): Promise<void> {
  const mark = file.development ? `${DEVELOPMENT_MARK}\n` : '';
  try {
    await writeFileAtomic(path, `${mark}${file.body.trim()}\n`, { mode: 0o600, ...options });
  } catch (error) {
    if (errorCodeOf(error) !== 'EEXIST') throw error;
  }
}

async function readSmallFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_KEY_FILE_BYTES) throw new TapwattError('KEY_FILE', `${path} is too long for a key.`);
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof TapwattError) throw error;
    const what = errorCodeOf(error) === 'ENOENT' ? 'is missing' : 'cannot be read';
    throw new TapwattError('KEY_FILE', `${path} ${what}.`, { cause: error });
  }
}

/** Whether a file of this mode can be read, written or run by others than its owner. */
export const isOpenToOthers = (mode: number): boolean => (mode & OTHERS) !== 0;

/** Throws KEY_FILE where a file of secrets is open to others than its owner. */
export async function refuseOpenMode(path: string): Promise<void> {
  const { mode } = await stat(path);
  if (!isOpenToOthers(mode)) return;
  const shown = (mode & 0o777).toString(8).padStart(3, '0');
  throw new TapwattError('KEY_FILE', `${path} has mode ${shown}, open to others.`, {
    remedy: `chmod 600 ${path}`,
  });
}
