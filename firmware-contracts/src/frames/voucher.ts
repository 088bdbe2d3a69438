import { TapwattError } from '../errors.ts';
import type { MeterId, VoucherId } from '../ids.ts';
import type { EpochKeys } from '../keys.ts';
import { carriesMoney, endsEpoch, VOUCHER_KIND, type VoucherKind } from '../results.ts';
import { assertEpoch, type Decoded, FRAME_LENGTH, hasMac, REFUSED, WIRE_VERSION } from './frame.ts';
import { FrameReader } from './reader.ts';
import { FrameWriter } from './writer.ts';

/** The fields of a voucher (WIRE.md "Voucher"); amount in minor units, times in Unix seconds. */
export interface VoucherFields {
  readonly kind: VoucherKind;
  readonly meterId: MeterId;
  readonly keyEpoch: number;
  readonly seq: number;
  readonly amount: bigint;
  readonly issuedAt: number;
  /** 0 = never. */
  readonly expiresAt: number;
  readonly voucherId: VoucherId;
  readonly floorSeq: number;
}

/** The largest amount of one voucher, minor units. */
export const AMOUNT_MAX = 2n ** 53n - 1n;

const KEY_EPOCH_MAX = 0xffff;

/** The 72 sealed bytes; throws BAD_FORMAT naming a field that breaks the rules of WIRE.md "Voucher". */
export const encodeVoucher = (fields: VoucherFields, keys: EpochKeys): Uint8Array => {
  const broken = brokenVoucherField(fields);
  if (broken !== undefined)
    throw new TapwattError('BAD_FORMAT', `voucher.${broken}: breaks the wire contract.`);
  assertEpoch('voucher', fields.keyEpoch, keys);
  return new FrameWriter('voucher', FRAME_LENGTH.voucher)
    .u8('version', WIRE_VERSION)
    .u8('kind', fields.kind)
    .u64('meterId', fields.meterId)
    .u16('keyEpoch', fields.keyEpoch)
    .u32('seq', fields.seq)
    .u64('amount', fields.amount)
    .u32('issuedAt', fields.issuedAt)
    .u32('expiresAt', fields.expiresAt)
    .bytes('voucherId', fields.voucherId, 16)
    .u32('floorSeq', fields.floorSeq)
    .reserved(4)
    .seal(keys.voucher);
};

/** Reads a voucher; whether it is authentic is a question of its own. */
export const decodeVoucher = (frame: Uint8Array): Decoded<VoucherFields> => {
  if (frame.length !== FRAME_LENGTH.voucher) return REFUSED;
  const { version, reservedIsZero, ...fields } = readVoucher(frame);
  if (version !== WIRE_VERSION || !reservedIsZero || brokenVoucherField(fields) !== undefined) return REFUSED;
  return { ok: true, fields };
};

/** Whether the voucher's MAC is right under these keys. */
export const isAuthenticVoucher = (frame: Uint8Array, keys: EpochKeys): boolean =>
  hasMac(frame, { length: FRAME_LENGTH.voucher, macLength: 16, key: keys.voucher });

/** The fields of any 72 bytes, right or wrong: what a meter's refusal repeats of the frame it was shown. */
export const readVoucher = (
  frame: Uint8Array,
): VoucherFields & { readonly version: number; readonly reservedIsZero: boolean } => {
  const reader = new FrameReader(frame);
  const version = reader.u8();
  const fields = {
    kind: reader.u8() as VoucherKind,
    meterId: reader.u64() as MeterId,
    keyEpoch: reader.u16(),
    seq: reader.u32(),
    amount: reader.u64(),
    issuedAt: reader.u32(),
    expiresAt: reader.u32(),
    voucherId: reader.hex(16) as VoucherId,
    floorSeq: reader.u32(),
  };
  reader.reserved(4);
  return { version, ...fields, reservedIsZero: reader.reservedIsZero };
};

/** The first field that breaks the rules of WIRE.md's table, if any does. */
const brokenVoucherField = (fields: VoucherFields): keyof VoucherFields | undefined => {
  if (fields.kind < VOUCHER_KIND.CREDIT || fields.kind > VOUCHER_KIND.NEW_EPOCH) return 'kind';
  if (fields.keyEpoch === 0 || (endsEpoch(fields.kind) && fields.keyEpoch === KEY_EPOCH_MAX))
    return 'keyEpoch';
  if ((fields.seq === 0) !== endsEpoch(fields.kind)) return 'seq';
  if (!isAmountOf(fields.kind, fields.amount)) return 'amount';
  if (fields.expiresAt !== 0 && !mayExpire(fields.kind)) return 'expiresAt';
  if (!isFloorOf(fields)) return 'floorSeq';
  return undefined;
};

const isAmountOf = (kind: number, amount: bigint): boolean =>
  carriesMoney(kind) ? amount >= 1n && amount <= AMOUNT_MAX : amount === 0n;

const mayExpire = (kind: number): boolean => kind !== VOUCHER_KIND.VOID && !endsEpoch(kind);

const isFloorOf = ({ kind, seq, floorSeq }: VoucherFields): boolean =>
  endsEpoch(kind) ? floorSeq === 0 : floorSeq >= 1 && floorSeq <= seq;
