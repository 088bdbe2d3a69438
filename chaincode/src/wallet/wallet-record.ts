import type { TransferKind } from '../money/transfer.ts';
import type { WalletState } from '../protocol/records.ts';

/** A wallet (`ACC~id`): what it holds, and what the newest transaction did to it; its history is the agent's statement. */
export interface WalletRecord {
  readonly walletId: string;
  readonly agentId: string;
  /** Minor units, never below zero. */
  readonly balance: string;
  readonly state: WalletState;
  readonly txId: string;
  readonly entries: readonly WalletEntry[];
}

export interface WalletEntry {
  readonly kind: TransferKind;
  readonly ref: string;
  readonly debit?: string;
  readonly credit?: string;
}
