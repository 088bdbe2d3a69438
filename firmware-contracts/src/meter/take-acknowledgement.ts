import {
  type AcknowledgementFields,
  decodeAcknowledgement,
  isAuthenticAcknowledgement,
} from '../frames/acknowledgement.ts';
import { epochKeys } from '../keys.ts';
import { unacknowledgedReceipts } from './ring.ts';
import type { MeterRecord, MeterState } from './state.ts';

/** Why a frame that is not a voucher was left alone; each has its status word over NFC. */
export type Ignored = 'BAD_FORMAT' | 'BAD_MAC' | 'STALE';

export interface TakenAcknowledgement {
  /** The very same object when nothing changed. */
  readonly state: MeterState;
  readonly accepted: boolean;
  readonly ignored?: Ignored;
  /** Receipts to publish again, oldest first. */
  readonly republish: readonly Uint8Array[];
}

/** What a meter does with an acknowledgement (WIRE.md "Acknowledgement"). */
export const takeAcknowledgement = (state: MeterState, frame: Uint8Array): TakenAcknowledgement => {
  const decoded = decodeAcknowledgement(frame);
  if (!decoded.ok) return ignore(state, 'BAD_FORMAT');
  const { record } = state;
  const { fields } = decoded;
  if (record === undefined || fields.meterId !== state.meterId || fields.keyEpoch !== record.keyEpoch) {
    return ignore(state, 'BAD_MAC');
  }
  if (!isAuthenticAcknowledgement(frame, epochKeys(state.root, record.keyEpoch)))
    return ignore(state, 'BAD_MAC');
  const after = raise(state, record, fields);
  return {
    state: after,
    accepted: true,
    republish: fields.receiptNo < record.receiptNo ? unacknowledgedReceipts(after) : [],
  };
};

/** Floor and acknowledged number only ever rise, and a number above the newest counts as the newest. */
const raise = (state: MeterState, record: MeterRecord, fields: AcknowledgementFields): MeterState => {
  const ackedReceiptNo = Math.max(record.ackedReceiptNo, Math.min(fields.receiptNo, record.receiptNo));
  const floorSeq = Math.max(record.window.floorSeq, fields.floorSeq);
  if (ackedReceiptNo === record.ackedReceiptNo && floorSeq === record.window.floorSeq) return state;
  return { ...state, record: { ...record, ackedReceiptNo, window: { ...record.window, floorSeq } } };
};

const ignore = (state: MeterState, ignored: Ignored): TakenAcknowledgement => ({
  state,
  accepted: false,
  ignored,
  republish: [],
});
