import type { ErrorCode } from '../errors.ts';
import type { VoucherId } from '../ids.ts';

/** How far a request has come; statuses only ever advance (WIRE.md "Handset requests and results"). */
export type RequestStatus =
  | 'accepted'
  | 'pending'
  | 'issued'
  | 'on-meter'
  | 'settled'
  | 'cancelling'
  | 'voided'
  | 'redeemed'
  | 'abandoned'
  | 'ok'
  | 'refused';

const FINAL: ReadonlySet<RequestStatus> = new Set<RequestStatus>([
  ...(['settled', 'voided', 'redeemed', 'abandoned', 'ok', 'refused'] as const),
]);

/** Whether no other status follows. */
export const isFinalStatus = (status: RequestStatus): boolean => FINAL.has(status);

/** What became of one receipt of a `receipts` request. */
export interface ReceiptOutcome {
  readonly outcome: string;
  readonly voucherId?: VoucherId | string;
  readonly meterId?: string;
  readonly code?: ErrorCode;
}

/** A result for a handset, `h/{handsetId}/dn/res`; frames are lower-case hex, money decimal strings, times Unix seconds. */
export interface RequestResult {
  readonly requestId: string;
  readonly status: RequestStatus;
  readonly at: number;
  readonly voucherId?: VoucherId | string;
  readonly voucher?: string;
  readonly receipt?: string;
  readonly txId?: string;
  readonly acks?: readonly string[];
  readonly outcomes?: readonly ReceiptOutcome[];
  readonly balance?: string;
  readonly held?: string;
  /** With `refused`. */
  readonly code?: ErrorCode;
  readonly message?: string;
}
