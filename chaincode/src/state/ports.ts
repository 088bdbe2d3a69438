/**
 * What a transaction sees of the ledger: keys and JSON values. `get` may answer at once or later; there is no delete
 * and no range read (DESIGN.md, "The ledger").
 */
export interface LedgerState {
  get(key: string): Promise<string | undefined> | string | undefined;
  put(key: string, value: string): void;
}

/** One committed value of a key. */
export interface KeyModification {
  readonly txId: string;
  /** Absent where the ledger keeps none with it (Fabric). */
  readonly blockNumber?: number;
  readonly value: string;
}

/** What a query sees: durable state, ranges in the byte order of keys, and the history of the keys that keep one. */
export interface QueryState {
  get(key: string): Promise<string | undefined> | string | undefined;
  /** At most `limit` pairs with start <= key < endExclusive, ascending. */
  range(
    start: string,
    endExclusive: string,
    limit: number,
  ): AsyncIterable<readonly [key: string, value: string]>;
  /** Every committed value of a key that `historyKept`, oldest first. */
  history(key: string): AsyncIterable<KeyModification>;
}
