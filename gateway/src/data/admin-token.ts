import { readFile } from 'node:fs/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { errorCodeOf, writeFileAtomic } from './atomic-file.ts';
import type { DataLayout } from './layout.ts';

const TOKEN_BYTES = 32;

/** Writes a new administration token and returns it (base64url of 32 random bytes). */
export async function writeAdminToken(
  layout: DataLayout,
  random: (n: number) => Uint8Array,
): Promise<string> {
  const token = Buffer.from(random(TOKEN_BYTES)).toString('base64url');
  await writeFileAtomic(layout.adminToken, `${token}\n`, { mode: 0o600 });
  return token;
}

/** The administration token as it stands in its file now, `undefined` if there is none. Throws KEY_FILE. */
export async function readAdminToken(path: string): Promise<string | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw new TapwattError('KEY_FILE', `${path} cannot be read.`, { cause: error });
  });
  if (text === undefined) return undefined;
  const token = text.trim();
  if (!/^[A-Za-z0-9_-]{43}$/.test(token)) throw new TapwattError('KEY_FILE', `${path} holds no token.`);
  return token;
}
