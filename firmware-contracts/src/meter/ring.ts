import { decodeReceipt } from '../frames/receipt.ts';
import type { MeterState } from './state.ts';

/** The receipts that a meter publishes again when it connects, oldest first: those of its ring above the acknowledged number. */
export const unacknowledgedReceipts = ({ record }: MeterState): Uint8Array[] =>
  record === undefined ? [] : record.ring.filter((receipt) => receiptNoOf(receipt) > record.ackedReceiptNo);

/** The receipt of this number, while the ring holds it (GET RECEIPT). */
export const receiptFromRing = ({ record }: MeterState, receiptNo: number): Uint8Array | undefined =>
  record?.ring.find((receipt) => receiptNoOf(receipt) === receiptNo);

const receiptNoOf = (receipt: Uint8Array): number => {
  const decoded = decodeReceipt(receipt);
  return decoded.ok ? decoded.fields.receiptNo : 0;
};
