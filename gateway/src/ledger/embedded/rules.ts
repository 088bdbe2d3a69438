import type { LedgerState, QueryState, Submitter, TransactionContext } from '@tapwatt/chaincode';

export interface AuthenticatedOrder {
  readonly submitter: Submitter;
  readonly name: string;
  readonly request: unknown;
  readonly requestId: string;
  readonly payloadHash: string;
}

export interface RuleOutcome {
  readonly result: unknown;
  readonly event?: { readonly name: string; readonly payload: unknown } | undefined;
}

/**
 * The money rules as the embedded ledger runs them: deterministic functions over a key-value state.
 *
 * A `TapwattError` is a refusal; anything else that they throw is a bug and leaves no trace either.
 */
export interface LedgerRules {
  runTransaction(name: string, request: unknown, context: TransactionContext): Promise<RuleOutcome>;
  runQuery(name: string, request: unknown, state: QueryState): Promise<unknown>;
  authenticateOrder(state: Pick<LedgerState, 'get'>, jws: string): Promise<AuthenticatedOrder>;
  historyKept(key: string): boolean;
}
