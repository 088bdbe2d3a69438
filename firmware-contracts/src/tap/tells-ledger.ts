import { decodeReceipt } from '../frames/receipt.ts';
import { RESULT } from '../results.ts';

/** Whether a receipt has something for the ledger, an opening or a conflict; any other refusal concerns who tapped. */
export const tellsLedger = (receipt: Uint8Array): boolean => {
  const decoded = decodeReceipt(receipt);
  if (!decoded.ok) return false;
  const { result } = decoded.fields;
  return result < RESULT.BAD_FORMAT || result === RESULT.CONFLICT;
};
