import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { bytesToHex, hexToBytes, TapwattError } from '@tapwatt/firmware-contracts';
import type { KeyName } from '../data/layout.ts';

/** Bytes of a symmetric key: the master key, the MQTT key. */
const SECRET_BYTES = 32;

/** Fills so many bytes from a secure source. */
export type RandomBytes = (count: number) => Uint8Array;

/** The text of a new key: 64 hex digits for `master` and `mqtt`, Ed25519 as PKCS#8 PEM for the others. */
export function newKeyBody(name: KeyName, random: RandomBytes): string {
  if (isSymmetric(name)) return bytesToHex(random(SECRET_BYTES));
  const { privateKey } = generateKeyPairSync('ed25519');
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** 64 hex digits. Throws KEY_FILE naming `where`. */
export function parseSecret(body: string, where: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(body))
    throw new TapwattError('KEY_FILE', `${where} must hold 64 hex digits.`);
  return hexToBytes(body);
}

/** An Ed25519 private key in PKCS#8 PEM. Throws KEY_FILE naming `where`. */
export function parsePrivateKey(body: string, where: string): KeyObject {
  try {
    const key = createPrivateKey(body);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch (cause) {
    throw new TapwattError('KEY_FILE', `${where} holds no private key in PEM.`, { cause });
  }
  throw new TapwattError('KEY_FILE', `${where} holds a key that is not Ed25519.`);
}

function isSymmetric(name: KeyName): boolean {
  return name === 'master' || name === 'mqtt';
}
