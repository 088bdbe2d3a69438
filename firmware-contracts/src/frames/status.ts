import { TapwattError } from '../errors.ts';
import type { MeterId } from '../ids.ts';
import type { EpochKeys } from '../keys.ts';
import { assertEpoch, type Decoded, FRAME_LENGTH, hasMac, REFUSED, WIRE_VERSION } from './frame.ts';
import { FrameReader } from './reader.ts';
import { FrameWriter } from './writer.ts';

/** The fields of a status (WIRE.md "Status"); keyEpoch 0 means LOCKED; money in minor units, `meterTime` in Unix seconds. */
export interface StatusFields {
  /** An OR of STATE_BIT. */
  readonly stateBits: number;
  readonly keyEpoch: number;
  readonly meterId: MeterId;
  readonly hi: number;
  readonly used: bigint;
  readonly floorSeq: number;
  /** Signed. */
  readonly balance: bigint;
  readonly cumulativeCredited: bigint;
  readonly receiptNo: number;
  readonly ackedReceiptNo: number;
  readonly meterTime: number;
}

const RESERVED_STATE_BIT = 0x80;

/** The 64 sealed bytes; throws BAD_FORMAT naming a field that does not fit. */
export const encodeStatus = (fields: StatusFields, keys: EpochKeys): Uint8Array => {
  if ((fields.stateBits & RESERVED_STATE_BIT) !== 0) {
    throw new TapwattError('BAD_FORMAT', 'status.stateBits: bit 7 is reserved.');
  }
  assertEpoch('status', fields.keyEpoch, keys);
  return new FrameWriter('status', FRAME_LENGTH.status)
    .u8('version', WIRE_VERSION)
    .u8('stateBits', fields.stateBits)
    .u16('keyEpoch', fields.keyEpoch)
    .u64('meterId', fields.meterId)
    .u32('hi', fields.hi)
    .u64('used', fields.used)
    .u32('floorSeq', fields.floorSeq)
    .i64('balance', fields.balance)
    .u64('cumulativeCredited', fields.cumulativeCredited)
    .u32('receiptNo', fields.receiptNo)
    .u32('ackedReceiptNo', fields.ackedReceiptNo)
    .u32('meterTime', fields.meterTime)
    .seal(keys.status);
};

/** Reads a status; whether it is authentic is a question of its own. */
export const decodeStatus = (frame: Uint8Array): Decoded<StatusFields> => {
  if (frame.length !== FRAME_LENGTH.status) return REFUSED;
  const reader = new FrameReader(frame);
  const version = reader.u8();
  const fields = {
    stateBits: reader.u8(),
    keyEpoch: reader.u16(),
    meterId: reader.u64() as MeterId,
    hi: reader.u32(),
    used: reader.u64(),
    floorSeq: reader.u32(),
    balance: reader.i64(),
    cumulativeCredited: reader.u64(),
    receiptNo: reader.u32(),
    ackedReceiptNo: reader.u32(),
    meterTime: reader.u32(),
  };
  if (version !== WIRE_VERSION || (fields.stateBits & RESERVED_STATE_BIT) !== 0) return REFUSED;
  return { ok: true, fields };
};

/** Whether the status's MAC is right under these keys. */
export const isAuthenticStatus = (frame: Uint8Array, keys: Pick<EpochKeys, 'status'>): boolean =>
  hasMac(frame, { length: FRAME_LENGTH.status, macLength: 8, key: keys.status });
