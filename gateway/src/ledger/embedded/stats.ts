import type { LatencySummary } from './histogram.ts';

/** `failed`: the storage failed and is being opened again. `damaged`: it stays closed. */
export type LedgerCondition = 'open' | 'failed' | 'damaged' | 'closed';

/** What the embedded ledger counts of itself. */
export interface EmbeddedStats {
  readonly condition: LedgerCondition;
  readonly headBlock: number;
  readonly blocks: number;
  readonly transactions: number;
  readonly stateKeys: number;
  readonly storedBytes: number;
  readonly queuedTransactions: number;
  readonly queuedBytes: number;
  readonly subscribers: number;
  readonly reopenings: number;
  /** Transactions a block, since the process started. */
  readonly groups: { readonly count: number; readonly mean: number; readonly max: number };
  /** From handing a batch to the storage until it is durable. */
  readonly sync: LatencySummary;
}

/** Sizes of the blocks committed. */
export class GroupSizes {
  #count = 0;
  #transactions = 0;
  #max = 0;

  record(transactions: number): void {
    this.#count += 1;
    this.#transactions += transactions;
    this.#max = Math.max(this.#max, transactions);
  }

  summary(): EmbeddedStats['groups'] {
    const mean = this.#count === 0 ? 0 : this.#transactions / this.#count;
    return { count: this.#count, mean, max: this.#max };
  }
}
