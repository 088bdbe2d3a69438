import type {
  LedgerEvent,
  QueryName,
  QueryRequest,
  QueryResult,
  TransactionName,
  TransactionRequest,
  TransactionResult,
} from '@tapwatt/chaincode';

/** Where a transaction ended: committed in a block, with its result. `txId` is the ledger's own id, which records and events name: on Fabric another one than the caller's. */
export interface Committed<R> {
  readonly txId: string;
  readonly blockNumber: number;
  readonly result: R;
}

export interface SubmitOptions {
  /** Client-made transaction id (32 hex digits). Without it the ledger makes one. Submitting a known id again gives its first outcome. */
  readonly txId?: string;
  readonly signal?: AbortSignal;
}

/**
 * The ledger as one party sees it (DESIGN.md, "The ledger").
 *
 * `submit` answers only when the transaction is committed and durable. It throws `LedgerRejected` (the rules said
 * no: final), `LedgerUnavailable` (nothing happened) or `OutcomeUnknown` (look it up by its transaction id).
 */
export interface Ledger {
  submit<N extends TransactionName>(
    name: N,
    request: TransactionRequest<N>,
    options?: SubmitOptions,
  ): Promise<Committed<TransactionResult<N>>>;
  /** Reads durable state only. Throws `LedgerRejected` or `LedgerUnavailable`. */
  evaluate<N extends QueryName>(name: N, request: QueryRequest<N>): Promise<QueryResult<N>>;
  /** The committed outcome of a transaction id, the caller's or the ledger's own, or `undefined` if this ledger never committed it. */
  lookup(txId: string): Promise<Committed<unknown> | undefined>;
  /** Events of committed blocks from `fromBlock` on (`now`: of those that follow), in order, then live until `signal` aborts. A hint only: the sweep is the truth. */
  events(fromBlock: number | 'now', signal: AbortSignal): AsyncIterable<LedgerEvent>;
  close(): Promise<void>;
}
