import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type MeterId, meterId, type VoucherId } from '../ids.ts';
import { epochKeys, meterRootKey } from '../keys.ts';
import { carriesMoney, endsEpoch, RESULT, VOUCHER_KIND } from '../results.ts';
import {
  decodeAcknowledgement,
  encodeAcknowledgement,
  isAuthenticAcknowledgement,
} from './acknowledgement.ts';
import { decodeReceipt, encodeReceipt, isAuthenticReceipt, type ReceiptFields } from './receipt.ts';
import { decodeStatus, encodeStatus, isAuthenticStatus } from './status.ts';
import { decodeTimeOrder, encodeTimeOrder, isAuthenticTimeOrder } from './time-order.ts';
import {
  AMOUNT_MAX,
  decodeVoucher,
  encodeVoucher,
  isAuthenticVoucher,
  type VoucherFields,
} from './voucher.ts';

const root = meterRootKey(new Uint8Array(32).fill(7), meterId('42'));
const keysOf = ({ keyEpoch }: { readonly keyEpoch: number }) => epochKeys(root, keyEpoch);

const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const meter = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }).map((id) => id as MeterId);
const voucherId = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as VoucherId);

const voucher: fc.Arbitrary<VoucherFields> = fc
  .record({
    kind: fc.constantFrom(...Object.values(VOUCHER_KIND)),
    meterId: meter,
    keyEpoch: fc.integer({ min: 1, max: 65_534 }),
    seq: fc.integer({ min: 1, max: 0xffff_ffff }),
    amount: fc.bigInt({ min: 1n, max: AMOUNT_MAX }),
    issuedAt: u32,
    expiresAt: u32,
    voucherId,
    floorSeq: fc.integer({ min: 1, max: 0xffff_ffff }),
  })
  .map((fields) => ({
    ...fields,
    seq: endsEpoch(fields.kind) ? 0 : fields.seq,
    amount: carriesMoney(fields.kind) ? fields.amount : 0n,
    expiresAt: fields.kind === VOUCHER_KIND.VOID || endsEpoch(fields.kind) ? 0 : fields.expiresAt,
    floorSeq: endsEpoch(fields.kind) ? 0 : Math.min(fields.seq, fields.floorSeq),
  }));

const receipt: fc.Arbitrary<ReceiptFields> = fc.record({
  result: fc.constantFrom(...Object.values(RESULT)),
  kind: fc.constantFrom(...Object.values(VOUCHER_KIND)),
  clockTrust: fc.constantFrom(0 as const, 1 as const, 2 as const),
  meterId: meter,
  keyEpoch: u16,
  receiptNo: u32,
  seq: u32,
  voucherId,
  credited: u64,
  balance: i64,
  cumulativeCredited: u64,
  hi: u32,
  used: u64,
  meterTime: u32,
  opening: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});

const status = fc.record({
  stateBits: fc.integer({ min: 0, max: 0x7f }),
  keyEpoch: u16,
  meterId: meter,
  hi: u32,
  used: u64,
  floorSeq: u32,
  balance: i64,
  cumulativeCredited: u64,
  receiptNo: u32,
  ackedReceiptNo: u32,
  meterTime: u32,
});
const acknowledgement = fc.record({ keyEpoch: u16, meterId: meter, receiptNo: u32, floorSeq: u32 });
const timeOrder = fc.record({ keyEpoch: u16, meterId: meter, timeNo: u32, time: u32 });

const frames = [
  {
    name: 'voucher',
    fields: voucher,
    encode: encodeVoucher,
    decode: decodeVoucher,
    isAuthentic: isAuthenticVoucher,
  },
  {
    name: 'receipt',
    fields: receipt,
    encode: encodeReceipt,
    decode: decodeReceipt,
    isAuthentic: isAuthenticReceipt,
  },
  {
    name: 'status',
    fields: status,
    encode: encodeStatus,
    decode: decodeStatus,
    isAuthentic: isAuthenticStatus,
  },
  {
    name: 'acknowledgement',
    fields: acknowledgement,
    encode: encodeAcknowledgement,
    decode: decodeAcknowledgement,
    isAuthentic: isAuthenticAcknowledgement,
  },
  {
    name: 'time order',
    fields: timeOrder,
    encode: encodeTimeOrder,
    decode: decodeTimeOrder,
    isAuthentic: isAuthenticTimeOrder,
  },
] as const;

for (const frame of frames) {
  const fields = frame.fields as fc.Arbitrary<VoucherFields>;
  const encode = frame.encode as typeof encodeVoucher;
  const { decode, isAuthentic } = frame;

  test(`a ${frame.name} is read as it was sealed`, () => {
    fc.assert(
      fc.property(fields, (sealed) => {
        const bytes = encode(sealed, keysOf(sealed));
        expect(decode(bytes)).toEqual({ ok: true, fields: sealed });
        expect(isAuthentic(bytes, keysOf(sealed))).toBe(true);
      }),
    );
  });

  test(`a ${frame.name} with any one bit flipped is refused or not authentic`, () => {
    const [sealed] = fc.sample(fields, { numRuns: 1, seed: 11 });
    if (sealed === undefined) throw new Error('no sample');
    const whole = encode(sealed, keysOf(sealed));
    for (let bit = 0; bit < 8 * whole.length; bit++) {
      const flipped = Uint8Array.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const decoded = decode(flipped);
      expect(decoded.ok && isAuthentic(flipped, keysOf(decoded.fields))).toBe(false);
    }
  });

  test(`a ${frame.name} cut short or run on is refused, and is not authentic`, () => {
    const [sealed] = fc.sample(fields, { numRuns: 1, seed: 12 });
    if (sealed === undefined) throw new Error('no sample');
    const whole = encode(sealed, keysOf(sealed));
    for (let length = 0; length < whole.length; length++) {
      expect(decode(whole.subarray(0, length))).toEqual({ ok: false, refuse: 'BAD_FORMAT' });
      expect(isAuthentic(whole.subarray(0, length), keysOf(sealed))).toBe(false);
    }
    expect(decode(Uint8Array.of(...whole, 0)).ok).toBe(false);
    expect(isAuthentic(Uint8Array.of(...whole, 0), keysOf(sealed))).toBe(false);
  });

  test(`a ${frame.name} is not authentic under another epoch or another meter`, () => {
    fc.assert(
      fc.property(fields, (sealed) => {
        const bytes = encode(sealed, keysOf(sealed));
        expect(isAuthentic(bytes, epochKeys(root, (sealed.keyEpoch + 1) % 65_536))).toBe(false);
        expect(isAuthentic(bytes, epochKeys(new Uint8Array(32), sealed.keyEpoch))).toBe(false);
      }),
      { numRuns: 20 },
    );
  });

  test(`a ${frame.name} is not sealed with the keys of another epoch`, () => {
    const [sealed] = fc.sample(fields, { numRuns: 1, seed: 13 });
    if (sealed === undefined) throw new Error('no sample');
    expect(() => encode(sealed, epochKeys(root, sealed.keyEpoch ^ 1))).toThrow(/keyEpoch/);
  });

  test(`any bytes of the length of a ${frame.name} are read without a failure, and what is accepted is sealed back to them`, () => {
    const [sealed] = fc.sample(fields, { numRuns: 1, seed: 14 });
    if (sealed === undefined) throw new Error('no sample');
    const { length } = encode(sealed, keysOf(sealed));
    fc.assert(
      fc.property(fc.uint8Array({ minLength: length, maxLength: length }), (noise) => {
        const decoded = decode(Uint8Array.of(1, ...noise.subarray(1)));
        if (!decoded.ok) return;
        const again = encode(decoded.fields as VoucherFields, keysOf(decoded.fields));
        expect(decode(again)).toEqual(decoded);
      }),
    );
  });
}

const [credit] = fc.sample(voucher, { numRuns: 1, seed: 3 });
const base: VoucherFields = {
  ...(credit as VoucherFields),
  kind: 1,
  seq: 5,
  floorSeq: 2,
  amount: 100n,
  keyEpoch: 1,
};

test.each([
  ['kind', { kind: 7 as 6 }],
  ['keyEpoch', { keyEpoch: 0 }],
  ['seq', { seq: 0 }],
  ['amount', { amount: 0n }],
  ['amount', { amount: 2n ** 53n }],
  ['amount', { kind: 3 as const }],
  ['expiresAt', { kind: 2 as const, amount: 0n, expiresAt: 1 }],
  ['floorSeq', { floorSeq: 6 }],
  ['floorSeq', { floorSeq: 0 }],
  ['issuedAt', { issuedAt: -1 }],
  ['issuedAt', { issuedAt: 2 ** 32 }],
  ['issuedAt', { issuedAt: 1.5 }],
  ['voucherId', { voucherId: '00' as VoucherId }],
])('sealing names the voucher field that is wrong: %s', (field, change) => {
  const wrong = { ...base, ...change };
  expect(() => encodeVoucher(wrong, epochKeys(root, wrong.keyEpoch))).toThrow(
    expect.objectContaining({ code: 'BAD_FORMAT', message: expect.stringContaining(`voucher.${field}`) }),
  );
});

test('a receipt of an unknown kind is refused, unless it says so itself', () => {
  const [sample] = fc.sample(receipt, { numRuns: 1, seed: 4 });
  const of = (kind: number, result: ReceiptFields['result']) => ({
    ...(sample as ReceiptFields),
    kind,
    result,
  });
  const seal = (fields: ReceiptFields) => encodeReceipt(fields, keysOf(fields));
  expect(decodeReceipt(seal(of(200, RESULT.BAD_FORMAT))).ok).toBe(true);
  expect(() => seal(of(200, RESULT.APPLIED))).toThrow(/receipt.kind/);
  const frame = seal(of(1, RESULT.APPLIED));
  frame[2] = 7;
  expect(decodeReceipt(frame).ok).toBe(false);
});

test('what is read from a Buffer does not share its memory', () => {
  const [sample] = fc.sample(receipt, { numRuns: 1, seed: 5 });
  const frame = Buffer.from(encodeReceipt(sample as ReceiptFields, keysOf(sample as ReceiptFields)));
  const decoded = decodeReceipt(frame);
  frame.fill(0);
  expect(decoded).toEqual({ ok: true, fields: sample });
});
