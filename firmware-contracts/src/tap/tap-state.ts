import type { ReceiptFields } from '../frames/receipt.ts';
import type { StatusFields } from '../frames/status.ts';

/** The meter in the field as its status tells, whose MAC only the issuer can judge. */
export interface MetMeter {
  readonly status: StatusFields;
  readonly statusFrame: Uint8Array;
}

/** What a reader has for the meter that it met; frames for another one are answered WRONG_METER or 6982 and do no harm. */
export interface TapPlan {
  /** Shown in this order, at most `TAP_VOUCHERS_MAX`. */
  readonly vouchers: readonly Uint8Array[];
  readonly acknowledgements: readonly Uint8Array[];
  readonly timeOrder?: Uint8Array;
}

/** A voucher that was committed on the meter, and what the meter said to it. */
export interface ShownAtTap {
  readonly voucher: Uint8Array;
  readonly receipt: Uint8Array;
  readonly fields: ReceiptFields;
}

/** One command of a tap, with what its answer is for. */
export type TapErrand =
  | { readonly type: 'select' }
  | { readonly type: 'status' }
  | { readonly type: 'set-time'; readonly frame: Uint8Array }
  | { readonly type: 'put'; readonly voucher: Uint8Array }
  | { readonly type: 'commit'; readonly voucher: Uint8Array }
  | { readonly type: 'receipt'; readonly receiptNo: number }
  | { readonly type: 'acknowledge'; readonly frame: Uint8Array };

/** How a tap ended: all was done, it was torn, no meter of ours was there, or what was there does not keep to WIRE.md. */
export type TapEnd = 'done' | 'torn' | 'no-meter' | 'broken';

/** A tap from the reader's side, at every moment whole: what it has gathered counts also when it is torn now. */
export interface TapState {
  /** What is still to be said; the first has been sent and waits for its answer. */
  readonly errands: readonly TapErrand[];
  /** Set once the meter has said who it is and how it stands. */
  readonly meter?: MetMeter;
  readonly isPlanned: boolean;
  readonly shown: readonly ShownAtTap[];
  /** Receipts to carry away: those of shown vouchers and the unacknowledged ones of the ring. */
  readonly receipts: readonly Uint8Array[];
  /** Acknowledgements that need not be carried any more: taken, or of an epoch that is not the meter's. */
  readonly delivered: readonly Uint8Array[];
  readonly end?: TapEnd;
}

/** A new state and the command APDU to send; none while a plan is waited for (`meter` and not `isPlanned`), nor at the end. */
export interface TapStep {
  readonly state: TapState;
  readonly command?: Uint8Array;
}
