import type { Submitter } from './context.ts';
import type { TransactionName } from './protocol/transactions.ts';
import type { LedgerState } from './state/ports.ts';

/** A signed administrative order whose signature holds; `request` is still to be validated by its transaction. */
export interface AuthenticOrder {
  readonly submitter: Submitter;
  readonly name: TransactionName;
  readonly request: unknown;
  readonly requestId: string;
  /** SHA-256 of the signed payload, lower-case hex. */
  readonly payloadHash: string;
}

export async function authenticateOrder(
  _state: Pick<LedgerState, 'get'>,
  _jws: string,
): Promise<AuthenticOrder> {
  throw new Error('not here yet');
}
