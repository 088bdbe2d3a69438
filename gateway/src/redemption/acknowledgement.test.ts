import type { MeterSummary } from '@tapwatt/chaincode';
import { describe, expect, it } from 'vitest';
import { acknowledgeable } from './acknowledgement.ts';

const meter = (of: Partial<MeterSummary>): MeterSummary => ({
  meterId: '42',
  keyEpoch: 2,
  nextSeq: 6,
  floorSeq: 6,
  openLimit: 16,
  open: [],
  settled: '0',
  closed: false,
  suspended: false,
  quarantined: false,
  ...of,
});
const open = (seq: number, keyEpoch = 2) => ({ seq, keyEpoch, voucherId: 'v', amount: '1', walletId: 'w' });
const shown = { keyEpoch: 2, receiptNo: 7, hi: 5, used: 0b11111n };

describe('the acknowledgement', () => {
  it('follows when every used seq that the meter showed is resolved, with the ledger’s floor', () => {
    expect(acknowledgeable(shown, meter({}))).toEqual({ keyEpoch: 2, receiptNo: 7, floorSeq: 6 });
  });

  it('waits while a used seq is open on the ledger', () => {
    expect(acknowledgeable(shown, meter({ open: [open(5)], floorSeq: 5 }))).toBeUndefined();
  });

  it('does not wait for an open seq that the meter has not used', () => {
    const gap = { ...shown, used: 0b11011n };
    expect(acknowledgeable(gap, meter({ open: [open(3)], floorSeq: 3 }))).toEqual({
      keyEpoch: 2,
      receiptNo: 7,
      floorSeq: 3,
    });
  });

  it('is never given for a seq that the ledger has not issued (a restored ledger)', () => {
    expect(acknowledgeable({ ...shown, hi: 6 }, meter({}))).toBeUndefined();
  });

  it('waits for the vouchers of an ended epoch, and for the ledger to know the meter’s epoch', () => {
    expect(acknowledgeable(shown, meter({ open: [open(3, 1)] }))).toBeUndefined();
    expect(acknowledgeable({ ...shown, keyEpoch: 1 }, meter({}))).toBeUndefined();
  });

  it('has nothing to say to a meter without a commit', () => {
    expect(acknowledgeable({ keyEpoch: 2, receiptNo: 0, hi: 0, used: 0n }, meter({}))).toBeUndefined();
  });
});
