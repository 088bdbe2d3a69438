import type { VoucherFields } from '../frames/voucher.ts';
import { carriesMoney, endsEpoch, VOUCHER_KIND } from '../results.ts';
import { ANSWER, type Answer } from './answer.ts';
import type { MeterClock, MeterRecord } from './state.ts';
import { type MeterWindow, tagOf, takenAt, WINDOW_SIZE } from './window.ts';

/** An authentic voucher of this meter, and all that the decision about it depends on. */
export interface Situation {
  readonly voucher: VoucherFields;
  readonly record: MeterRecord;
  /** The charge register, minor units. */
  readonly charged: bigint;
  readonly clock: MeterClock;
}

type Step = (situation: Situation) => Answer | undefined;

const CUMULATIVE_MAX = 2n ** 64n - 1n;

/**
 * Steps 2 to 7 of WIRE.md "What the meter does with a voucher", in its order: the answer where there is nothing to
 * commit, undefined where the voucher is to be committed (step 8).
 */
export const answerWithoutCommit: Step = (situation) =>
  aboutTheEndedEpochsOrder(situation) ??
  aboutATakenSeq(situation) ??
  aboutAVoucherThatCanNeverCome(situation) ??
  refuseByEpoch(situation) ??
  refuseByWindow(situation) ??
  refuseByMoney(situation);

/** Step 2: an order to end the epoch that has ended. */
const aboutTheEndedEpochsOrder: Step = ({ voucher, record: { ended } }) => {
  if (!endsEpoch(voucher.kind) || ended === undefined || voucher.keyEpoch !== ended.keyEpoch)
    return undefined;
  const isTheSame = voucher.kind === ended.kind && voucher.voucherId === ended.voucherId;
  return isTheSame ? ANSWER.epochEndedBefore : ANSWER.conflict;
};

/** Step 3: the seq was taken, by this voucher or by another one. */
const aboutATakenSeq: Step = ({ voucher, record }) => {
  const window = windowOfEpoch(record, voucher.keyEpoch);
  const taken = window === undefined ? undefined : takenAt(window, voucher.seq);
  if (taken === undefined) return undefined;
  if (taken.tag !== tagOf(voucher.voucherId)) {
    return voucher.kind === VOUCHER_KIND.VOID ? ANSWER.conflictOfVoidOrder : ANSWER.conflict;
  }
  return taken.voided ? ANSWER.voidedBefore : ANSWER.appliedBefore;
};

/** Step 4: a void order whose voucher was not taken and, by its epoch's end or by the floor, never can be. */
const aboutAVoucherThatCanNeverCome: Step = ({ voucher: { kind, keyEpoch, seq }, record }) => {
  if (kind !== VOUCHER_KIND.VOID) return undefined;
  const ofEndedEpoch = record.ended?.keyEpoch === keyEpoch && isStillRemembered(record.ended.window, seq);
  const belowFloor =
    keyEpoch === record.keyEpoch && isStillRemembered(record.window, seq) && seq < record.window.floorSeq;
  return ofEndedEpoch || belowFloor ? ANSWER.voided : undefined;
};

/** Step 5. */
const refuseByEpoch: Step = ({ voucher, record }) => {
  if (record.closed) return ANSWER.closed;
  return voucher.keyEpoch === record.keyEpoch ? undefined : ANSWER.badEpoch;
};

/** Step 6; orders of kinds 4 and 6 stand outside the window. */
const refuseByWindow: Step = ({ voucher, record: { window } }) => {
  if (endsEpoch(voucher.kind)) return undefined;
  const floor = Math.max(window.floorSeq, voucher.floorSeq);
  const end = Math.max(window.hi + 1, floor) + WINDOW_SIZE;
  const isInside = isStillRemembered(window, voucher.seq) && voucher.seq >= floor && voucher.seq < end;
  return isInside ? undefined : ANSWER.outOfWindow;
};

/** Step 7; only what carries money expires or passes a limit. */
const refuseByMoney: Step = ({ voucher, record, charged, clock }) => {
  if (!carriesMoney(voucher.kind)) return undefined;
  if (clock.trust >= 1 && voucher.expiresAt !== 0 && clock.now > voucher.expiresAt) return ANSWER.expired;
  const cumulative = record.cumulativeCredited + voucher.amount;
  const isOver = cumulative - charged > record.balanceLimit || cumulative > CUMULATIVE_MAX;
  return isOver ? ANSWER.overLimit : undefined;
};

const windowOfEpoch = (record: MeterRecord, keyEpoch: number): MeterWindow | undefined => {
  if (keyEpoch === record.keyEpoch) return record.window;
  return keyEpoch === record.ended?.keyEpoch ? record.ended.window : undefined;
};

/** Whether the window still tells taken from not taken for this seq. */
const isStillRemembered = (window: MeterWindow, seq: number): boolean => seq + WINDOW_SIZE > window.hi;
