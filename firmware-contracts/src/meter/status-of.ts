import { encodeStatus } from '../frames/status.ts';
import { epochKeys } from '../keys.ts';
import { STATE_BIT } from '../results.ts';
import { balanceOf, type MeterState } from './state.ts';

/**
 * The status of a meter (WIRE.md "Status"): `stateBits` are the device's own (relay, credit, tamper, clock, quarantine);
 * the closed bit comes from the record, and a LOCKED meter says nothing but who it is.
 */
export const statusOf = (
  state: MeterState,
  { stateBits, meterTime }: { readonly stateBits: number; readonly meterTime: number },
): Uint8Array => {
  const { record, meterId, root } = state;
  if (record === undefined) return encodeStatus({ ...LOCKED, meterId }, epochKeys(root, LOCKED.keyEpoch));
  return encodeStatus(
    {
      stateBits: record.closed ? stateBits | STATE_BIT.CLOSED : stateBits & ~STATE_BIT.CLOSED,
      keyEpoch: record.keyEpoch,
      meterId,
      hi: record.window.hi,
      used: record.window.used,
      floorSeq: record.window.floorSeq,
      balance: balanceOf(state),
      cumulativeCredited: record.cumulativeCredited,
      receiptNo: record.receiptNo,
      ackedReceiptNo: record.ackedReceiptNo,
      meterTime,
    },
    epochKeys(root, record.keyEpoch),
  );
};

const LOCKED = {
  stateBits: 0,
  keyEpoch: 0,
  hi: 0,
  used: 0n,
  floorSeq: 0,
  balance: 0n,
  cumulativeCredited: 0n,
  receiptNo: 0,
  ackedReceiptNo: 0,
  meterTime: 0,
} as const;
