import type { VoucherFields } from '../frames/voucher.ts';
import { VOUCHER_KIND } from '../results.ts';
import { ANSWER, type Answer } from './answer.ts';
import type { MeterRecord } from './state.ts';
import { emptyWindow, takeSeq } from './window.ts';

/** The record to store in one atomic commit, its ring not yet holding the receipt, and the answer once it is stored. */
export interface Commit {
  readonly record: MeterRecord;
  readonly answer: Answer;
}

/** Step 8 of WIRE.md "What the meter does with a voucher", for a voucher that nothing speaks against. */
export const commitVoucher = (record: MeterRecord, voucher: VoucherFields): Commit => {
  const next = { ...record, receiptNo: record.receiptNo + 1 };
  switch (voucher.kind) {
    case VOUCHER_KIND.CREDIT:
    case VOUCHER_KIND.CLEAR_TAMPER:
    case VOUCHER_KIND.TRANSFER_IN:
      return { record: apply(next, voucher), answer: ANSWER.applied };
    case VOUCHER_KIND.VOID:
      return { record: take(next, voucher, true), answer: ANSWER.voided };
    case VOUCHER_KIND.CLOSE:
    case VOUCHER_KIND.NEW_EPOCH:
      return { record: endEpoch(next, voucher.kind, voucher), answer: ANSWER.epochEnded };
    default:
      return voucher.kind satisfies never;
  }
};

const apply = (record: MeterRecord, voucher: VoucherFields): MeterRecord => ({
  ...take(record, voucher, false),
  cumulativeCredited: record.cumulativeCredited + voucher.amount,
});

const take = (
  record: MeterRecord,
  { seq, voucherId, floorSeq }: VoucherFields,
  voided: boolean,
): MeterRecord => ({
  ...record,
  window: {
    ...takeSeq(record.window, { seq, voucherId, voided }),
    floorSeq: Math.max(record.window.floorSeq, floorSeq),
  },
});

const endEpoch = (record: MeterRecord, kind: 4 | 6, { voucherId }: VoucherFields): MeterRecord => ({
  ...record,
  keyEpoch: record.keyEpoch + 1,
  closed: kind === VOUCHER_KIND.CLOSE,
  window: emptyWindow(),
  ended: { keyEpoch: record.keyEpoch, window: record.window, kind, voucherId },
});
