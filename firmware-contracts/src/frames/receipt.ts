import { TapwattError } from '../errors.ts';
import type { MeterId, VoucherId } from '../ids.ts';
import type { EpochKeys } from '../keys.ts';
import { RESULT, type Result, resultName, VOUCHER_KIND } from '../results.ts';
import { assertEpoch, type Decoded, FRAME_LENGTH, hasMac, REFUSED, WIRE_VERSION } from './frame.ts';
import { FrameReader } from './reader.ts';
import { FrameWriter } from './writer.ts';

/** How far the meter trusts its clock: 0 none, 1 set by a courier, 2 synchronised. */
export type ClockTrust = 0 | 1 | 2;

/** The fields of a receipt (WIRE.md "Receipt"); money in minor units, `meterTime` in Unix seconds. */
export interface ReceiptFields {
  readonly result: Result;
  /** Kind byte of the voucher answered; any byte where the result is BAD_FORMAT. */
  readonly kind: number;
  readonly clockTrust: ClockTrust;
  readonly meterId: MeterId;
  readonly keyEpoch: number;
  readonly receiptNo: number;
  readonly seq: number;
  readonly voucherId: VoucherId;
  readonly credited: bigint;
  /** Signed. */
  readonly balance: bigint;
  readonly cumulativeCredited: bigint;
  readonly hi: number;
  readonly used: bigint;
  readonly meterTime: number;
  /** F, V, C or 32 zeros. */
  readonly opening: Uint8Array;
}

const OPENING_LENGTH = 32;

/** The 128 sealed bytes; throws BAD_FORMAT naming a field that breaks the rules of WIRE.md "Receipt". */
export const encodeReceipt = (fields: ReceiptFields, keys: EpochKeys): Uint8Array => {
  const broken = brokenReceiptField(fields);
  if (broken !== undefined)
    throw new TapwattError('BAD_FORMAT', `receipt.${broken}: breaks the wire contract.`);
  assertEpoch('receipt', fields.keyEpoch, keys);
  return new FrameWriter('receipt', FRAME_LENGTH.receipt)
    .u8('version', WIRE_VERSION)
    .u8('result', fields.result)
    .u8('kind', fields.kind)
    .u8('clockTrust', fields.clockTrust)
    .u64('meterId', fields.meterId)
    .u16('keyEpoch', fields.keyEpoch)
    .reserved(2)
    .u32('receiptNo', fields.receiptNo)
    .u32('seq', fields.seq)
    .bytes('voucherId', fields.voucherId, 16)
    .u64('credited', fields.credited)
    .i64('balance', fields.balance)
    .u64('cumulativeCredited', fields.cumulativeCredited)
    .u32('hi', fields.hi)
    .u64('used', fields.used)
    .u32('meterTime', fields.meterTime)
    .bytes('opening', fields.opening, OPENING_LENGTH)
    .seal(keys.receipt);
};

/** Reads a receipt; whether it is authentic is a question of its own. */
export const decodeReceipt = (frame: Uint8Array): Decoded<ReceiptFields> => {
  if (frame.length !== FRAME_LENGTH.receipt) return REFUSED;
  const { version, reservedIsZero, ...fields } = readReceipt(frame);
  if (version !== WIRE_VERSION || !reservedIsZero || brokenReceiptField(fields) !== undefined) return REFUSED;
  return { ok: true, fields };
};

/** Whether the receipt's MAC is right under these keys. */
export const isAuthenticReceipt = (frame: Uint8Array, keys: Pick<EpochKeys, 'receipt'>): boolean =>
  hasMac(frame, { length: FRAME_LENGTH.receipt, macLength: 16, key: keys.receipt });

const readReceipt = (frame: Uint8Array) => {
  const reader = new FrameReader(frame);
  const version = reader.u8();
  const head = {
    result: reader.u8() as Result,
    kind: reader.u8(),
    clockTrust: reader.u8() as ClockTrust,
    meterId: reader.u64() as MeterId,
    keyEpoch: reader.u16(),
  };
  reader.reserved(2);
  const rest = {
    receiptNo: reader.u32(),
    seq: reader.u32(),
    voucherId: reader.hex(16) as VoucherId,
    credited: reader.u64(),
    balance: reader.i64(),
    cumulativeCredited: reader.u64(),
    hi: reader.u32(),
    used: reader.u64(),
    meterTime: reader.u32(),
    opening: reader.bytes(OPENING_LENGTH),
  };
  return { version, ...head, ...rest, reservedIsZero: reader.reservedIsZero };
};

const brokenReceiptField = (fields: ReceiptFields): keyof ReceiptFields | undefined => {
  if (resultName(fields.result) === undefined) return 'result';
  // A meter repeats the kind byte of what it was shown, so a refusal of a bad format may carry any.
  const isKnownKind = fields.kind >= VOUCHER_KIND.CREDIT && fields.kind <= VOUCHER_KIND.NEW_EPOCH;
  if (!isKnownKind && fields.result !== RESULT.BAD_FORMAT) return 'kind';
  if (fields.clockTrust > 2) return 'clockTrust';
  return undefined;
};
