import type { BreakKind, QuarantineReason } from './records.ts';
import type { SettleOutcome } from './transactions.ts';

/** Something that a person should look at. */
export interface Alarm {
  readonly what: BreakKind | QuarantineReason | 'orphan' | 'halted';
  readonly meterId: string;
  readonly voucherId?: string;
}

/** The one event of a transaction, by name; a hint only, the state is the truth. */
export interface EventPayloads {
  LedgerFounded: { readonly ledgerId: string };
  /** Restored, halted or resumed. */
  LedgerChanged: { readonly restores: number };
  PartyChanged: { readonly id: string };
  MeterChanged: { readonly meterId: string; readonly alarms?: readonly Alarm[] };
  WalletChanged: { readonly walletId: string };
  DepositChanged: { readonly depositId: string; readonly walletId: string };
  VouchersIssued: {
    readonly items: readonly {
      readonly voucherId: string;
      readonly meterId: string;
      readonly seq: number;
      readonly deliver: boolean;
    }[];
  };
  ReceiptsSettled: {
    readonly items: readonly {
      readonly voucherId: string;
      readonly meterId: string;
      readonly outcome: SettleOutcome;
    }[];
    readonly alarms?: readonly Alarm[];
  };
  VoucherChanged: { readonly voucherId: string; readonly meterId: string; readonly status: string };
  OrphanChanged: { readonly meterId: string; readonly voucherId: string; readonly status: string };
}

export type EventName = keyof EventPayloads;

/** What a transaction emits, before the ledger adds where it was committed. */
export type TransactionEvent = {
  [N in EventName]: { readonly name: N; readonly payload: EventPayloads[N] };
}[EventName];

/** An event of a committed transaction. */
export type LedgerEvent = TransactionEvent & { readonly blockNumber: number; readonly txId: string };
