import { expect, test } from 'vitest';
import { bytesToHex, concatBytes, hmacSha256 } from './bytes.ts';
import { meterId, type VoucherId } from './ids.ts';
import { epochKeys, meterRootKey } from './keys.ts';

const text = (value: string) => new TextEncoder().encode(value);
const master = new Uint8Array(32).fill(0x5a);
const id = '8f14e45fceea167a5a36dedd4bea2543' as VoucherId;

test('the root key is HKDF-SHA-256 as RFC 5869 spells it out', () => {
  const salt = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 42);
  const expected = hmacSha256(hmacSha256(salt, master), text('tapwatt/v1/meter'), Uint8Array.of(1));
  expect(meterRootKey(master, meterId('42'))).toEqual(expected);
});

test('no two keys or openings of a meter are the same', () => {
  const root = meterRootKey(master, meterId('42'));
  const all = [0, 1, 2, 256, 65_535].flatMap((epoch) => {
    const keys = epochKeys(root, epoch);
    return [
      keys.voucher,
      keys.receipt,
      keys.status,
      keys.ack,
      keys.cfg,
      keys.time,
      keys.opening('fulfil', id),
      keys.opening('void', id),
      keys.opening('close', id),
    ].map(bytesToHex);
  });
  expect(new Set(all).size).toBe(all.length);
});

test('the epoch is two big-endian bytes', () => {
  const root = meterRootKey(master, meterId('1'));
  const epochKey = hmacSha256(root, concatBytes(text('epoch'), Uint8Array.of(1, 2)));
  expect(epochKeys(root, 0x0102).voucher).toEqual(hmacSha256(epochKey, text('voucher')));
});

test('keys of a wrong length and epochs out of range are refused', () => {
  expect(() => meterRootKey(new Uint8Array(31), meterId('1'))).toThrow(/master/);
  expect(() => epochKeys(new Uint8Array(33), 1)).toThrow(/root/);
  for (const epoch of [-1, 1.5, 65_536])
    expect(() => epochKeys(new Uint8Array(32), epoch)).toThrow(/keyEpoch/);
});
