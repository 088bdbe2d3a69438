import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../bytes.ts';
import { encodeTagMemory, messageOfTag } from './memory-tag.ts';
import { decodeNdef, encodeNdef, type NdefRecord } from './ndef.ts';
import { encodeVoucherMessage, VOUCHER_RECORD_TYPE, vouchersOfMessage } from './voucher-records.ts';

const voucher = (fill: number): Uint8Array => new Uint8Array(72).fill(fill);
const record: fc.Arbitrary<NdefRecord> = fc.record({
  tnf: fc.integer({ min: 1, max: 4 }),
  type: fc.string({ maxLength: 40, unit: 'binary-ascii' }),
  payload: fc.uint8Array({ maxLength: 600 }),
});

describe('an NDEF message', () => {
  it('of one voucher is these bytes', () => {
    const message = encodeVoucherMessage([voucher(0xab)]);
    expect(bytesToHex(message)).toBe(
      `d41148${Buffer.from(VOUCHER_RECORD_TYPE).toString('hex')}${'ab'.repeat(72)}`,
    );
  });

  it('is read as it was written, whatever is in it', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), (records) => {
        expect(decodeNdef(encodeNdef(records))).toEqual(records);
      }),
    );
  });

  it('gives its vouchers, among other records, and with ids', () => {
    const uri: NdefRecord = { tnf: 1, type: 'U', payload: Uint8Array.of(4, 0x61) };
    const own = { tnf: 4, type: VOUCHER_RECORD_TYPE, payload: voucher(1) };
    const short = { ...own, payload: voucher(2).subarray(1) };
    expect(vouchersOfMessage(encodeNdef([uri, own, short, own]))).toEqual([voucher(1), voucher(1)]);
    const withId = hexToBytes(
      `dc114801${Buffer.from(VOUCHER_RECORD_TYPE).toString('hex')}7a${'01'.repeat(72)}`,
    );
    expect(vouchersOfMessage(withId)).toEqual([voucher(1)]);
    expect(vouchersOfMessage(new Uint8Array(0))).toEqual([]);
  });

  it('that is cut, chunked or not begun is none', () => {
    const whole = encodeVoucherMessage([voucher(1), voucher(2)]);
    for (let length = 1; length < whole.length; length += 1)
      expect(vouchersOfMessage(whole.subarray(0, length))).toBeUndefined();
    expect(decodeNdef(hexToBytes('f40000'))).toBeUndefined();
    expect(decodeNdef(hexToBytes('540000'))).toBeUndefined();
    expect(decodeNdef(Uint8Array.of(...whole, 0))).toBeUndefined();
  });

  it('of a liar is read in bounded time, and throws nothing', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeNdef(bytes)));
  });
});

describe('the memory of a tag', () => {
  it('gives its message when enough of it is known', () => {
    for (const count of [1, 3]) {
      const message = encodeVoucherMessage(Array.from({ length: count }, (_, n) => voucher(n)));
      const memory = encodeTagMemory(message);
      expect(messageOfTag(memory)).toEqual({ is: 'message', message });
      expect(messageOfTag(memory.subarray(0, memory.length - 2))).toEqual({ is: 'more' });
    }
  });

  it('may have other blocks before it, or no message', () => {
    const message = Uint8Array.of(1, 2);
    const memory = Uint8Array.of(0x00, 0x01, 0x03, 9, 9, 9, ...encodeTagMemory(message));
    expect(messageOfTag(memory)).toEqual({ is: 'message', message });
    expect(messageOfTag(Uint8Array.of(0x00, 0xfe))).toEqual({ is: 'none' });
    expect(messageOfTag(new Uint8Array(16))).toEqual({ is: 'more' });
  });
});
