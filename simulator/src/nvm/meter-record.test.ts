import { bytesToHex, type MeterWindow, type VoucherId } from '@tapwatt/firmware-contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCharge, encodeCharge } from './charge-record.ts';
import {
  decodeRecord,
  encodeRecord,
  MAX_DESIRED_BYTES,
  MAX_RECORD_BYTES,
  type StoredRecord,
} from './meter-record.ts';

const u32 = fc.nat({ max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(bytesToHex);

const window: fc.Arbitrary<MeterWindow> = fc.record({
  hi: u32,
  used: u64,
  voided: u64,
  floorSeq: u32,
  tags: fc.array(fc.option(hex(8), { nil: undefined }), { minLength: 64, maxLength: 64 }),
});

const record: fc.Arbitrary<StoredRecord['record']> = fc.record(
  {
    keyEpoch: fc.nat({ max: 0xffff }),
    closed: fc.boolean(),
    balanceLimit: u64,
    receiptNo: u32,
    cumulativeCredited: u64,
    window,
    ended: fc.record({
      keyEpoch: fc.nat({ max: 0xffff }),
      kind: fc.constantFrom(4 as const, 6 as const),
      voucherId: hex(16).map((id) => id as VoucherId),
      window,
    }),
    ackedReceiptNo: u32,
    timeNo: u32,
    cfgVersion: u32,
    ring: fc.array(fc.uint8Array({ minLength: 128, maxLength: 128 }), { maxLength: 8 }),
  },
  {
    requiredKeys: [
      'keyEpoch',
      'closed',
      'balanceLimit',
      'receiptNo',
      'cumulativeCredited',
      'window',
      'ackedReceiptNo',
      'timeNo',
      'cfgVersion',
      'ring',
    ],
  },
);

const stored: fc.Arbitrary<StoredRecord> = fc.record({
  record,
  tamper: fc.boolean(),
  desired: fc.string({ maxLength: MAX_DESIRED_BYTES / 4, unit: 'grapheme-ascii' }),
});

describe("a meter's record in bytes", () => {
  it('comes back as it was, and fits its slot', () => {
    fc.assert(
      fc.property(stored, (value) => {
        const bytes = encodeRecord(value);
        expect(bytes.length).toBeLessThanOrEqual(MAX_RECORD_BYTES);
        expect(decodeRecord(bytes)).toEqual(value);
      }),
    );
  });

  it('fits its slot at its longest', () => {
    const full: MeterWindow = {
      hi: 1,
      used: 0n,
      voided: 0n,
      floorSeq: 1,
      tags: Array(64).fill('00'.repeat(8)),
    };
    const longest: StoredRecord = {
      tamper: true,
      desired: 'x'.repeat(MAX_DESIRED_BYTES),
      record: {
        keyEpoch: 2,
        closed: true,
        balanceLimit: 1n,
        receiptNo: 9,
        cumulativeCredited: 1n,
        window: full,
        ended: { keyEpoch: 1, window: full, kind: 4, voucherId: '00'.repeat(16) as VoucherId },
        ackedReceiptNo: 0,
        timeNo: 0,
        cfgVersion: 0,
        ring: Array(8).fill(new Uint8Array(128)),
      },
    };
    expect(encodeRecord(longest)).toHaveLength(MAX_RECORD_BYTES);
    expect(decodeRecord(encodeRecord(longest))).toEqual(longest);
  });

  it('is refused when it is cut short', () => {
    fc.assert(
      fc.property(stored, fc.nat(), (value, at) => {
        const bytes = encodeRecord(value);
        expect(() => decodeRecord(bytes.subarray(0, at % bytes.length))).toThrow(RangeError);
      }),
    );
  });

  it('keeps the charge register to the last fraction', () => {
    fc.assert(
      fc.property(
        fc.record({ charged: u64, energyWh: u64, energyRestWms: u32, chargeRestMilli: u32 }),
        (register) => {
          expect(decodeCharge(encodeCharge(register))).toEqual(register);
        },
      ),
    );
  });
});
