import type { MeterId } from '../ids.ts';
import type { EpochKeys } from '../keys.ts';
import { assertEpoch, type Decoded, FRAME_LENGTH, hasMac, REFUSED, WIRE_VERSION } from './frame.ts';
import { FrameReader } from './reader.ts';
import { FrameWriter } from './writer.ts';

/** The fields of an acknowledgement (WIRE.md "Acknowledgement"). */
export interface AcknowledgementFields {
  readonly keyEpoch: number;
  readonly meterId: MeterId;
  readonly receiptNo: number;
  readonly floorSeq: number;
}

/** The 28 sealed bytes; throws BAD_FORMAT naming a field that does not fit. */
export const encodeAcknowledgement = (fields: AcknowledgementFields, keys: EpochKeys): Uint8Array => {
  assertEpoch('acknowledgement', fields.keyEpoch, keys);
  return new FrameWriter('acknowledgement', FRAME_LENGTH.acknowledgement)
    .u8('version', WIRE_VERSION)
    .reserved(1)
    .u16('keyEpoch', fields.keyEpoch)
    .u64('meterId', fields.meterId)
    .u32('receiptNo', fields.receiptNo)
    .u32('floorSeq', fields.floorSeq)
    .seal(keys.ack);
};

/** Reads an acknowledgement; whether it is authentic is a question of its own. */
export const decodeAcknowledgement = (frame: Uint8Array): Decoded<AcknowledgementFields> => {
  if (frame.length !== FRAME_LENGTH.acknowledgement) return REFUSED;
  const reader = new FrameReader(frame);
  const version = reader.u8();
  reader.reserved(1);
  const fields = {
    keyEpoch: reader.u16(),
    meterId: reader.u64() as MeterId,
    receiptNo: reader.u32(),
    floorSeq: reader.u32(),
  };
  return version === WIRE_VERSION && reader.reservedIsZero ? { ok: true, fields } : REFUSED;
};

/** Whether the acknowledgement's MAC is right under these keys. */
export const isAuthenticAcknowledgement = (frame: Uint8Array, keys: EpochKeys): boolean =>
  hasMac(frame, { length: FRAME_LENGTH.acknowledgement, macLength: 8, key: keys.ack });
