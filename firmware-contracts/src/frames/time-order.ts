import type { MeterId } from '../ids.ts';
import type { EpochKeys } from '../keys.ts';
import { assertEpoch, type Decoded, FRAME_LENGTH, hasMac, REFUSED, WIRE_VERSION } from './frame.ts';
import { FrameReader } from './reader.ts';
import { FrameWriter } from './writer.ts';

/** The fields of a time order (WIRE.md "MQTT 3.1.1"); `time` in Unix seconds. */
export interface TimeOrderFields {
  readonly keyEpoch: number;
  readonly meterId: MeterId;
  readonly timeNo: number;
  readonly time: number;
}

/** The 28 sealed bytes; throws BAD_FORMAT naming a field that does not fit. */
export const encodeTimeOrder = (fields: TimeOrderFields, keys: EpochKeys): Uint8Array => {
  assertEpoch('timeOrder', fields.keyEpoch, keys);
  return new FrameWriter('timeOrder', FRAME_LENGTH.timeOrder)
    .u8('version', WIRE_VERSION)
    .reserved(1)
    .u16('keyEpoch', fields.keyEpoch)
    .u64('meterId', fields.meterId)
    .u32('timeNo', fields.timeNo)
    .u32('time', fields.time)
    .seal(keys.time);
};

/** Reads a time order; whether it is authentic is a question of its own. */
export const decodeTimeOrder = (frame: Uint8Array): Decoded<TimeOrderFields> => {
  if (frame.length !== FRAME_LENGTH.timeOrder) return REFUSED;
  const reader = new FrameReader(frame);
  const version = reader.u8();
  reader.reserved(1);
  const fields = {
    keyEpoch: reader.u16(),
    meterId: reader.u64() as MeterId,
    timeNo: reader.u32(),
    time: reader.u32(),
  };
  return version === WIRE_VERSION && reader.reservedIsZero ? { ok: true, fields } : REFUSED;
};

/** Whether the time order's MAC is right under these keys. */
export const isAuthenticTimeOrder = (frame: Uint8Array, keys: EpochKeys): boolean =>
  hasMac(frame, { length: FRAME_LENGTH.timeOrder, macLength: 8, key: keys.time });
