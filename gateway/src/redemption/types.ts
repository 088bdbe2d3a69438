import type { SettleOutcome } from '@tapwatt/chaincode';
import type { ErrorCode, ReceiptFields, RequestStatus } from '@tapwatt/firmware-contracts';
import type { Proof } from '../issuer/issuer.ts';

/** A way by which meters are reached. */
export type LinkName = 'mqtt' | 'nfc' | 'serial';

/** A handset's request that waits to hear how a voucher fares. `asks` says which way it hopes for. */
export interface Watcher {
  readonly handsetId: string;
  readonly requestId: string;
  readonly asks: 'credit' | 'void';
}

/** What is to be shown to a meter: a credit (or clear-tamper), a void order, or the order that ends an epoch. */
export type Purpose = 'credit' | 'void' | 'order';

/** One frame on its way to one meter. At most one for each voucher id and purpose. */
export interface Delivery {
  readonly voucherId: string;
  readonly purpose: Purpose;
  readonly frame: Uint8Array;
  /** `waiting` for the meter, `presented` and not yet answered, `answered` and not yet settled. */
  readonly phase: 'waiting' | 'presented' | 'answered';
  readonly attempts: number;
  /** Not presented (again) before this time, ms. */
  readonly notBeforeMs: number;
  readonly watchers: readonly Watcher[];
  /** Its MAC was verified by nobody, for the issuer was away: it gives way to one that was. */
  readonly isUnchecked?: boolean;
  /** The meter has said that these bytes did not arrive whole. */
  readonly isDamaged?: boolean;
  /** The receipt that answered it, once one proved something. */
  readonly receipt?: Uint8Array;
  /** What that receipt proved. */
  readonly proof?: Proof;
}

/** What the gateway knows of one meter's redemptions; derived, and lost without harm. */
export interface MeterRedemptions {
  readonly meterId: string;
  readonly reachable: boolean;
  readonly deliveries: readonly Delivery[];
}

export type RedemptionInput =
  | {
      readonly type: 'deliver';
      readonly voucherId: string;
      readonly purpose: Purpose;
      readonly frame: Uint8Array;
      /** Nobody has verified its MAC. */
      readonly isUnchecked?: boolean;
      readonly watcher?: Watcher;
    }
  /** This request waits no longer; its voucher goes on. */
  | { readonly type: 'leave'; readonly watcher: Watcher }
  | { readonly type: 'reachable'; readonly reachable: boolean }
  /** A reader has the meter at hand: what it has not answered is due there at once, also what another link was given. */
  | { readonly type: 'met'; readonly link: LinkName }
  | {
      readonly type: 'receipt';
      readonly link: LinkName;
      readonly frame: Uint8Array;
      readonly fields: ReceiptFields;
      readonly proof?: Proof;
    }
  | {
      readonly type: 'settled';
      readonly voucherId: string;
      readonly outcome: SettleOutcome;
      readonly txId: string;
      /** The receipt that proved it, where it did not come through this gateway. */
      readonly receipt?: Uint8Array;
    }
  /** The receipt could not be settled: the voucher is shown again later, for another receipt. */
  | { readonly type: 'unsettled'; readonly voucherId: string }
  | { readonly type: 'tick' };

/** What is to be brought to a meter, and who waits for it. */
export type NewDelivery = Omit<Extract<RedemptionInput, { type: 'deliver' }>, 'type'>;

/** What a watcher is told; the request layer makes a WIRE.md result of it. */
export interface Progress {
  readonly status: RequestStatus;
  readonly voucherId: string;
  readonly receipt?: Uint8Array;
  readonly txId?: string;
  readonly code?: ErrorCode;
}

export type RedemptionEffect =
  | {
      readonly type: 'present';
      readonly voucherId: string;
      readonly frame: Uint8Array;
      readonly attempt: number;
      /** Through this link only; without it, through all. */
      readonly via?: LinkName;
    }
  | { readonly type: 'tell'; readonly watcher: Watcher; readonly progress: Progress }
  | { readonly type: 'settle'; readonly voucherId: string; readonly frame: Uint8Array }
  | { readonly type: 'on-meter'; readonly voucherId: string; readonly link: LinkName }
  | { readonly type: 'request-cancel'; readonly voucherId: string; readonly reason: ErrorCode }
  | { readonly type: 'withdraw-order'; readonly voucherId: string; readonly frame: Uint8Array }
  | { readonly type: 'alarm'; readonly voucherId: string; readonly code: ErrorCode };

export interface RedemptionStep {
  readonly state: MeterRedemptions;
  readonly effects: readonly RedemptionEffect[];
}
