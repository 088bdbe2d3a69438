import { createPrivateKey, type KeyObject } from 'node:crypto';
import { sha256 } from '@tapwatt/firmware-contracts';

/** The master key of every modelled issuer. */
export const MASTER: Uint8Array = new Uint8Array(32).fill(7);

/** RFC 8410: an Ed25519 private key in PKCS#8 is this and its seed. */
const PKCS8_PREFIX = '302e020100300506032b657004220420';

const made = new Map<string, KeyObject>();

/** The Ed25519 key of a party: always the same, so that every run meets the same bytes. */
export function signingKeyOf(partyId: string): KeyObject {
  const known = made.get(partyId);
  if (known !== undefined) return known;
  const seed = sha256(new TextEncoder().encode(`model ${partyId}`));
  const der = Buffer.concat([Buffer.from(PKCS8_PREFIX, 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  made.set(partyId, key);
  return key;
}
