import { expect, test } from 'vitest';
import { hexToBytes, sha256 } from './bytes.ts';
import { isName, isVoucherId, meterId, voucherIdOf } from './ids.ts';

test.each(['1', '42', '18446744073709551615'])('%s is a meter number', (text) => {
  expect(String(meterId(text))).toBe(text);
  expect(meterId(BigInt(text))).toBe(meterId(text));
});

test.each(['', '0', '00', '042', '-1', '+1', '1.0', ' 1', '1e3', '0x1', '18446744073709551616', '١'])(
  '%j is no meter number',
  (text) => {
    expect(() => meterId(text)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  },
);

test('a bigint outside the range is no meter number', () => {
  expect(() => meterId(0n)).toThrow();
  expect(() => meterId(2n ** 64n)).toThrow();
});

test('a voucher id binds meter, epoch, seq and request', () => {
  const of = { meterId: meterId('42'), keyEpoch: 1, seq: 7, payloadHash: sha256(new Uint8Array(0)) };
  const id = voucherIdOf(of);
  expect(isVoucherId(id)).toBe(true);
  const others = [
    { ...of, meterId: meterId('43') },
    { ...of, keyEpoch: 2 },
    { ...of, seq: 8 },
    { ...of, payloadHash: sha256(hexToBytes('00')) },
  ].map(voucherIdOf);
  expect(new Set([id, ...others]).size).toBe(5);
});

test('only 32 lower-case hex digits are a voucher id', () => {
  expect(isVoucherId('8F14e45fceea167a5a36dedd4bea2543')).toBe(false);
  expect(isVoucherId('8f14')).toBe(false);
});

test('names are 1 to 64 letters, digits, _ and -', () => {
  for (const name of ['a', 'A-z_09', 'x'.repeat(64)]) expect(isName(name)).toBe(true);
  for (const name of ['', 'x'.repeat(65), 'a b', 'a/b', 'a+', '#', 'ä', 'a\n'])
    expect(isName(name)).toBe(false);
});
