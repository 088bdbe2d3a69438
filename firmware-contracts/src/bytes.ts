import { hash, timingSafeEqual } from 'node:crypto';
import { TapwattError } from './errors.ts';

const HEX = /^(?:[0-9a-fA-F]{2})*$/;
const BASE64URL = /^[A-Za-z0-9_-]*$/;

const view = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The bytes of a hex text, upper or lower case; throws BAD_REQUEST on anything else. */
export const hexToBytes = (hex: string): Uint8Array => {
  if (!HEX.test(hex)) throw new TapwattError('BAD_REQUEST', 'Not a text of whole hex bytes.');
  return new Uint8Array(Buffer.from(hex, 'hex'));
};

/** The lower-case hex text of bytes. */
export const bytesToHex = (bytes: Uint8Array): string => view(bytes).toString('hex');

/** The bytes of a base64url text (RFC 4648 section 5); throws BAD_REQUEST on padding, other characters and stray bits. */
export const base64UrlToBytes = (text: string): Uint8Array => {
  const bytes = BASE64URL.test(text) ? new Uint8Array(Buffer.from(text, 'base64url')) : undefined;
  if (bytes === undefined || bytesToBase64Url(bytes) !== text) {
    throw new TapwattError('BAD_REQUEST', 'Not base64url without padding and stray bits.');
  }
  return bytes;
};

/** The base64url text of bytes, without padding. */
export const bytesToBase64Url = (bytes: Uint8Array): string => view(bytes).toString('base64url');

/** Whether two byte strings are the same, in a time that depends on their lengths only. */
export const equalConstantTime = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b);

/** SHA-256 (FIPS 180-4), 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => plain(hash('sha256', bytes, 'buffer'));

const BLOCK_LENGTH = 64;

/**
 * HMAC-SHA-256 (RFC 2104) over the parts one after another, 32 bytes. Made of two one-shot hashes, because
 * `createHmac` with a key of plain bytes takes seven times as long, and a gateway makes thousands a second.
 */
export const hmacSha256 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
  const short = key.length > BLOCK_LENGTH ? sha256(key) : key;
  const inner = padded(short, 0x36, concatBytes(...parts));
  return sha256(padded(short, 0x5c, sha256(inner)));
};

/** One block of the key and a pad byte, then the content. */
const padded = (key: Uint8Array, pad: number, content: Uint8Array): Uint8Array => {
  const block = new Uint8Array(BLOCK_LENGTH + content.length).fill(pad, 0, BLOCK_LENGTH);
  for (let i = 0; i < key.length; i++) block[i] = pad ^ (key[i] ?? 0);
  block.set(content, BLOCK_LENGTH);
  return block;
};

/** Byte strings one after another. */
export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
};

/** A digest as a plain Uint8Array, so that no Buffer (whose `slice` shares memory) leaves this file. */
const plain = (digest: Buffer): Uint8Array => new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
