import { createPublicKey, type KeyObject } from 'node:crypto';
import { base64UrlToBytes } from '../bytes.ts';
import { TapwattError } from '../errors.ts';

/** An Ed25519 public key from its 32 raw bytes as base64url; throws BAD_REQUEST. */
export const publicKeyFromRaw = (raw: string): KeyObject => {
  if (base64UrlToBytes(raw).length !== 32)
    throw new TapwattError('BAD_REQUEST', 'publicKey: must be 32 bytes.');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw }, format: 'jwk' });
};

/** The 32 raw bytes of an Ed25519 key's public half as base64url; throws BAD_REQUEST for a key of another kind. */
export const rawPublicKey = (key: KeyObject): string => {
  const { crv, x } = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
  if (crv !== 'Ed25519' || x === undefined)
    throw new TapwattError('BAD_REQUEST', 'publicKey: not an Ed25519 key.');
  return x;
};
