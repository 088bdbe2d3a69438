import { readFile, stat } from 'node:fs/promises';
import { hexToBytes, TapwattError } from '@tapwatt/firmware-contracts';
import type { Profile } from './options.ts';

const MAX_KEY_FILE_BYTES = 4_096;
const OPEN_TO_OTHERS = 0o077;
const KEY = /^[0-9a-fA-F]{64}$/;
const DEVELOPMENT_MARK = /^# tapwatt development key/m;

/**
 * The key of the MQTT passwords, as the gateway keeps it in `keys/mqtt.key`: 64 hex digits, lines with `#` are comments.
 * Throws KEY_FILE (missing, no key, in production open to others) and, in production, DEVELOPMENT_KEYS.
 */
export const readMqttKey = async (path: string, profile: Profile): Promise<Uint8Array> => {
  const { text, mode } = await readSmallFile(path);
  if (profile === 'production' && DEVELOPMENT_MARK.test(text))
    throw new TapwattError('DEVELOPMENT_KEYS', `${path} is a development key.`);
  if (profile === 'production' && (mode & OPEN_TO_OTHERS) !== 0)
    throw new TapwattError('KEY_FILE', `${path} is open to others: chmod 600 ${path}`);
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const body = lines.join('\n').trim();
  if (!KEY.test(body)) throw new TapwattError('KEY_FILE', `${path} must hold 64 hex digits.`);
  return hexToBytes(body);
};

const readSmallFile = async (path: string): Promise<{ text: string; mode: number }> => {
  try {
    const { size, mode } = await stat(path);
    if (size > MAX_KEY_FILE_BYTES) throw new TapwattError('KEY_FILE', `${path} is too long for a key.`);
    return { text: await readFile(path, 'utf8'), mode };
  } catch (cause) {
    if (cause instanceof TapwattError) throw cause;
    throw new TapwattError('KEY_FILE', `${path} cannot be read.`, { cause });
  }
};
