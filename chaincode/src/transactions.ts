import type { TransactionContext } from './context.ts';
import type { TransactionEvent } from './protocol/events.ts';
import type { TransactionName, TransactionRequest, TransactionResult } from './protocol/transactions.ts';

export interface TransactionOutcome<N extends TransactionName> {
  readonly result: TransactionResult<N>;
  readonly event?: TransactionEvent;
}

export async function runTransaction<N extends TransactionName>(
  name: N,
  _request: TransactionRequest<N>,
  _ctx: TransactionContext,
): Promise<TransactionOutcome<N>> {
  throw new Error(`${name} is not here yet`);
}
