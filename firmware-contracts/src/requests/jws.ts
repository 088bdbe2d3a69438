import { type KeyObject, sign, verify } from 'node:crypto';
import { base64UrlToBytes, bytesToBase64Url, sha256 } from '../bytes.ts';
import { TapwattError } from '../errors.ts';
import { isName } from '../ids.ts';
import { type JsonObject, parseStrictJson } from './strict-json.ts';

/** The longest compact JWS that is read at all, in characters. */
export const JWS_LENGTH_MAX = 16_384;

const SIGNATURE_LENGTH = 64;

/** A compact JWS taken apart, its form checked and its signature not yet. */
export interface ParsedJws<P> {
  readonly kid: string;
  readonly payload: P;
  readonly payloadBytes: Uint8Array;
  /** SHA-256 of the payload bytes: with `kid` and `requestId` the identity of the request, for ever. */
  readonly payloadHash: Uint8Array;
  readonly signingInput: Uint8Array;
  readonly signature: Uint8Array;
}

/** Who signs, and with which Ed25519 private key. */
export interface JwsSigner {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** The compact JWS of a payload, signed with Ed25519 (RFC 8037); the payload itself is not looked at. */
export const signJws = (payload: object, { kid, privateKey }: JwsSigner): string => {
  const header = encodeJson({ alg: 'EdDSA', kid });
  const input = `${header}.${encodeJson(payload)}`;
  const signature = sign(null, new TextEncoder().encode(input), privateKey);
  return `${input}.${bytesToBase64Url(signature)}`;
};

/** Takes a compact JWS apart by the strict rules of WIRE.md "Handset requests"; throws BAD_REQUEST naming the part. */
export const parseJws = (jws: string): ParsedJws<JsonObject> => {
  if (jws.length > JWS_LENGTH_MAX) throw bad('jws', `longer than ${JWS_LENGTH_MAX} characters`);
  const [header, payload, signature, ...more] = jws.split('.');
  if (header === undefined || payload === undefined || signature === undefined || more.length > 0) {
    throw bad('jws', 'not three parts');
  }
  const payloadBytes = decodePart('payload', payload);
  return {
    kid: parseHeader(decodePart('header', header)),
    payload: parseStrictJson(payloadBytes, 'payload'),
    payloadBytes,
    payloadHash: sha256(payloadBytes),
    signingInput: new TextEncoder().encode(`${header}.${payload}`),
    signature: parseSignature(signature),
  };
};

/** Whether the JWS was signed with the private half of this Ed25519 key. */
export const isSignedBy = (
  parsed: { readonly signingInput: Uint8Array; readonly signature: Uint8Array },
  publicKey: KeyObject,
): boolean =>
  publicKey.asymmetricKeyType === 'ed25519' && verify(null, parsed.signingInput, publicKey, parsed.signature);

const encodeJson = (value: object): string =>
  bytesToBase64Url(new TextEncoder().encode(JSON.stringify(value)));

const parseHeader = (bytes: Uint8Array): string => {
  const { alg, kid, ...more } = parseStrictJson(bytes, 'header');
  if (alg !== 'EdDSA') throw bad('header.alg', 'must be EdDSA');
  if (typeof kid !== 'string' || !isName(kid))
    throw bad('header.kid', 'letters, digits, _ and -, at most 64');
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw bad(`header.${unknown}`, 'only alg and kid are allowed');
  return kid;
};

const parseSignature = (part: string): Uint8Array => {
  const signature = decodePart('signature', part);
  if (signature.length !== SIGNATURE_LENGTH) throw bad('signature', `must be ${SIGNATURE_LENGTH} bytes`);
  return signature;
};

const decodePart = (what: string, part: string): Uint8Array => {
  try {
    return base64UrlToBytes(part);
  } catch (cause) {
    throw new TapwattError('BAD_REQUEST', `${what}: not base64url without padding and stray bits.`, {
      cause,
    });
  }
};

const bad = (what: string, why: string): TapwattError => new TapwattError('BAD_REQUEST', `${what}: ${why}.`);
