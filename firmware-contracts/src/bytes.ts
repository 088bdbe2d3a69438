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

interface KeyBlocks {
  readonly inner: Uint8Array;
  readonly outer: Uint8Array;
}

/** The two blocks of a key, kept as long as the key itself: most keys make many MACs. */
const keyBlocks = new WeakMap<Uint8Array, KeyBlocks>();

/**
 * HMAC-SHA-256 (RFC 2104) over the parts one after another, 32 bytes. Made of two one-shot hashes, because
 * `createHmac` with a key of plain bytes takes seven times as long, and a gateway makes thousands a second. The bytes
 * of a key must not change once it was used.
 */
export const hmacSha256 = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array => {
  const { inner, outer } = keyBlocks.get(key) ?? newKeyBlocks(key);
  return sha256(concatBytes(outer, sha256(concatBytes(inner, ...parts))));
};

const newKeyBlocks = (key: Uint8Array): KeyBlocks => {
  const short = key.length > BLOCK_LENGTH ? sha256(key) : key;
  const blocks = { inner: keyBlock(short, 0x36), outer: keyBlock(short, 0x5c) };
  keyBlocks.set(key, blocks);
  return blocks;
};

/** One block of the key, exclusive-or a pad byte. */
const keyBlock = (key: Uint8Array, pad: number): Uint8Array => {
  const block = new Uint8Array(BLOCK_LENGTH).fill(pad);
  for (let i = 0; i < key.length; i++) block[i] = pad ^ (key[i] ?? 0);
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
