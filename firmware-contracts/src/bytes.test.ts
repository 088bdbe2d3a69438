import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  base64UrlToBytes,
  bytesToBase64Url,
  bytesToHex,
  equalConstantTime,
  hexToBytes,
  hmacSha256,
  sha256,
} from './bytes.ts';

const text = (value: string) => new TextEncoder().encode(value);

test('hex and base64url give back the bytes they were made of', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
      expect(base64UrlToBytes(bytesToBase64Url(bytes))).toEqual(bytes);
    }),
  );
});

test.each(['0', 'abc', '0g', ' 00', '0x00', '00\n'])('hex %j is refused', (hex) => {
  expect(() => hexToBytes(hex)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});

test.each(['A', 'AA==', 'AB', 'AAB', 'A+AA', 'A/AA', 'AA AA', 'AAAA\n', 'ÄAAA'])(
  'base64url %j is refused, stray bits and padding included',
  (encoded) => {
    expect(() => base64UrlToBytes(encoded)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  },
);

test('bytes are the same only when length and content are', () => {
  expect(equalConstantTime(text('abc'), text('abc'))).toBe(true);
  expect(equalConstantTime(text('abc'), text('abd'))).toBe(false);
  expect(equalConstantTime(text('abc'), text('ab'))).toBe(false);
});

test('SHA-256 and HMAC-SHA-256 are those of FIPS 180-4 and RFC 4231', () => {
  expect(bytesToHex(sha256(text('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
  expect(bytesToHex(hmacSha256(text('Jefe'), text('what do ya want '), text('for nothing?')))).toBe(
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

test('HMAC-SHA-256 is the one of node:crypto for keys and messages of any length', () => {
  const bytes = fc.uint8Array({ maxLength: 200 });
  fc.assert(
    fc.property(bytes, bytes, bytes, (key, first, second) => {
      const expected = createHmac('sha256', key).update(first).update(second).digest('hex');
      expect(bytesToHex(hmacSha256(key, first, second))).toBe(expected);
    }),
  );
});

test('digests are plain arrays, so that slicing one copies it', () => {
  const digest = sha256(text('abc'));
  expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype);
  digest.slice(0, 4).fill(0);
  expect(digest[0]).toBe(0xba);
});
