import { createPrivateKey, sign } from 'node:crypto';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { lowSDer } from './low-s.ts';

/** Signs a whole message, SHA-256 over P-256, as DER with the lower s. */
export type SignMessage = (message: Uint8Array) => Promise<Uint8Array>;

/** Signs with a key in the process; OpenSSL takes a tenth of the time that the client's own signer does. Throws KEY_FILE. */
export function keySigner(pem: Uint8Array): SignMessage {
  const key = createPrivateKey(Buffer.from(pem));
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new TapwattError('KEY_FILE', 'The key of a Fabric identity must be one of the curve P-256.');
  }
  return async (message) => lowSDer(sign('sha256', message, { key, dsaEncoding: 'ieee-p1363' }));
}
