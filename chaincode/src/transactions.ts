import { isName } from '@tapwatt/firmware-contracts';
import type { TransactionContext } from './context.ts';
import { answeredOrder, recordOrder } from './order-answers.ts';
import type { TransactionEvent } from './protocol/events.ts';
import type { TransactionName, TransactionRequest, TransactionResult } from './protocol/transactions.ts';
import { authorize } from './registry/parties.ts';
import { Rejected, rejecting } from './rejected.ts';
import { RULES, type Rule } from './rules.ts';
import { startWork, type Work } from './work.ts';

export interface TransactionOutcome<N extends TransactionName> {
  readonly result: TransactionResult<N>;
  /** At most one; absent when nothing changed. */
  readonly event?: TransactionEvent;
}

export const TRANSACTION_NAMES = Object.keys(RULES) as readonly TransactionName[];

export const isTransactionName = (name: string): name is TransactionName => Object.hasOwn(RULES, name);

/**
 * Runs one transaction over the state: all of its writes, or none (DESIGN.md "The ledger"). It depends on its arguments
 * alone, so every peer writes the same. Throws `Rejected` when the rules say no; a bad item of a batch fails alone.
 */
export const runTransaction = <N extends TransactionName>(
  name: N,
  request: TransactionRequest<N>,
  ctx: TransactionContext,
): Promise<TransactionOutcome<N>> =>
  rejecting(async () => {
    if (!isTransactionName(name)) throw new Rejected('BAD_REQUEST', `There is no transaction ${name}.`);
    if (!isName(ctx.txId)) throw new Rejected('BAD_REQUEST', 'txId: letters, digits, _ and -, at most 64.');
    const work = startWork(ctx);
    const outcome = await carryOut(work, { name, request, ctx });
    for (const [key, value] of work.draft.writes()) ctx.state.put(key, value);
    return outcome;
  });

interface Asked<N extends TransactionName> {
  readonly name: N;
  readonly request: TransactionRequest<N>;
  readonly ctx: TransactionContext;
}

async function carryOut<N extends TransactionName>(
  work: Work,
  { name, request, ctx: { order } }: Asked<N>,
): Promise<TransactionOutcome<N>> {
  const rule: Rule<N> = RULES[name];
  if (rule.roles !== 'founder') await authorize(work, rule.roles);
  const earlier = order === undefined ? undefined : await answeredOrder(work, order);
  if (earlier !== undefined) return { result: earlier.result as TransactionResult<N> };
  const valid = rule.read(request);
  const result = await rule.run(work, valid);
  if (order !== undefined) recordOrder(work, order, { op: name, result });
  const event = rule.event(result, valid, work.alarms);
  return event === undefined ? { result } : { result, event };
}
