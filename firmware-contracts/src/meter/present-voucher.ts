import { FRAME_LENGTH } from '../frames/frame.ts';
import { decodeVoucher, isAuthenticVoucher, readVoucher } from '../frames/voucher.ts';
import type { VoucherId } from '../ids.ts';
import { epochKeys } from '../keys.ts';
import { ANSWER } from './answer.ts';
import { answeringReceipt, type ShownVoucher } from './answering-receipt.ts';
import { commitVoucher } from './commit.ts';
import { answerWithoutCommit } from './decide.ts';
import { type MeterClock, type MeterState, RING_SIZE } from './state.ts';

/** What showing a voucher to a meter leads to; `state` is to be stored, whole, before the receipt is said. */
export interface Presented {
  readonly state: MeterState;
  /** 128 bytes. */
  readonly receipt: Uint8Array;
  readonly committed: boolean;
}

/** The meter's decision about any bytes shown to it as a voucher (WIRE.md "What the meter does with a voucher"). */
export const presentVoucher = (state: MeterState, frame: Uint8Array, clock: MeterClock): Presented => {
  const decoded = decodeVoucher(frame);
  const refuse = (
    shown: ShownVoucher,
    answer: (typeof ANSWER)['badFormat' | 'locked' | 'wrongMeter' | 'badMac'],
  ) => unchanged(state, answeringReceipt({ state, shown, answer, clock }));
  if (!decoded.ok) return refuse(shownByBadFrame(frame), ANSWER.badFormat);
  const voucher = decoded.fields;
  const { record, charged } = state;
  if (record === undefined) return refuse(voucher, ANSWER.locked);
  if (voucher.meterId !== state.meterId) return refuse(voucher, ANSWER.wrongMeter);
  const keys = epochKeys(state.root, voucher.keyEpoch);
  if (!isAuthenticVoucher(frame, keys)) return refuse(voucher, ANSWER.badMac);

  const answer = answerWithoutCommit({ voucher, record, charged, clock });
  if (answer !== undefined)
    return unchanged(state, answeringReceipt({ state, shown: voucher, answer, clock, keys }));

  const commit = commitVoucher(record, voucher);
  const after = { ...state, record: commit.record };
  const receipt = answeringReceipt({ state: after, shown: voucher, answer: commit.answer, clock, keys });
  const ring = [...commit.record.ring, receipt].slice(-RING_SIZE);
  return { state: { ...after, record: { ...commit.record, ring } }, receipt, committed: true };
};

const unchanged = (state: MeterState, receipt: Uint8Array): Presented => ({
  state,
  receipt,
  committed: false,
});

/** What a refusal repeats of a frame that breaks the rules: its fields where the length is right, else zeros. */
const shownByBadFrame = (frame: Uint8Array): ShownVoucher =>
  frame.length === FRAME_LENGTH.voucher ? readVoucher(frame) : NO_VOUCHER;

const NO_VOUCHER: ShownVoucher = {
  kind: 0,
  keyEpoch: 0,
  seq: 0,
  amount: 0n,
  voucherId: '0'.repeat(32) as VoucherId,
};
