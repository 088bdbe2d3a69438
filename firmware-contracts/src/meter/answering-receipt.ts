import { encodeReceipt } from '../frames/receipt.ts';
import type { VoucherFields } from '../frames/voucher.ts';
import { type EpochKeys, epochKeys } from '../keys.ts';
import { carriesMoney, RESULT } from '../results.ts';
import type { Answer } from './answer.ts';
import { balanceOf, type MeterClock, type MeterRecord, type MeterState } from './state.ts';
import { emptyWindow, type MeterWindow } from './window.ts';

/** What a receipt repeats of the voucher that it answers. */
export type ShownVoucher = Pick<VoucherFields, 'keyEpoch' | 'seq' | 'amount' | 'voucherId'> & {
  readonly kind: number;
};

const NO_OPENING = new Uint8Array(32);
const LOCKED_EPOCH = 0;

/**
 * Step 9 of WIRE.md "What the meter does with a voucher": the receipt of the state after the commit, if there was one.
 * `keys` are those of the voucher's epoch where they are known already; others are derived.
 */
export const answeringReceipt = (said: {
  readonly state: MeterState;
  readonly shown: ShownVoucher;
  readonly answer: Answer;
  readonly clock: MeterClock;
  readonly keys?: EpochKeys;
}): Uint8Array => {
  const { state, shown, answer, clock, keys } = said;
  const { keyEpoch, window } = epochOfReceipt(state.record, shown.keyEpoch);
  return encodeReceipt(
    {
      result: answer.result,
      kind: shown.kind,
      clockTrust: clock.trust,
      meterId: state.meterId,
      keyEpoch,
      receiptNo: state.record?.receiptNo ?? 0,
      seq: shown.seq,
      voucherId: shown.voucherId,
      credited: creditedBy(shown, answer),
      balance: balanceOf(state),
      cumulativeCredited: state.record?.cumulativeCredited ?? 0n,
      hi: window.hi,
      used: window.used,
      meterTime: clock.now,
      opening: openingOf(said),
    },
    keys?.keyEpoch === keyEpoch ? keys : epochKeys(state.root, keyEpoch),
  );
};

/** The answered voucher's epoch if it is the own or the ended one, else the own; 0 when LOCKED. */
const epochOfReceipt = (
  record: MeterRecord | undefined,
  shownEpoch: number,
): { readonly keyEpoch: number; readonly window: MeterWindow } => {
  if (record === undefined) return { keyEpoch: LOCKED_EPOCH, window: emptyWindow() };
  return record.ended?.keyEpoch === shownEpoch ? record.ended : record;
};

const creditedBy = (shown: ShownVoucher, { result }: Answer): bigint => {
  const isApplied = result === RESULT.APPLIED || result === RESULT.ALREADY_APPLIED;
  return isApplied && carriesMoney(shown.kind) ? shown.amount : 0n;
};

/** An opening belongs to the voucher's own epoch, whatever epoch the receipt is of. */
const openingOf = ({ state, shown, answer, keys }: Parameters<typeof answeringReceipt>[0]): Uint8Array => {
  if (answer.opening === undefined) return NO_OPENING;
  return (keys ?? epochKeys(state.root, shown.keyEpoch)).opening(answer.opening, shown.voucherId);
};
