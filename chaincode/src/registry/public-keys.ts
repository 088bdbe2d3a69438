import type { KeyObject } from 'node:crypto';
import { publicKeyFromRaw } from '@tapwatt/firmware-contracts';

/** Some hundred bytes each: the handsets of a busy hour. */
const MAX_REMEMBERED = 4096;

const remembered = new Map<string, KeyObject>();

/** The key behind its 32 raw bytes. Making the object costs half a verification, so the newest are remembered. */
export function publicKey(raw: string): KeyObject {
  const known = remembered.get(raw);
  if (known !== undefined) return known;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const key = publicKeyFromRaw(raw);
  remembered.set(raw, key);
  return key;
}
