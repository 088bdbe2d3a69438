import type { Work } from './job-queue.ts';
import { authenticatedCall, requireSameOrder } from './orders.ts';
import type { KnownOutcome } from './overlay.ts';
import { type Execution, type ExecutionParts, executeTransaction, outcomeOfThrow } from './transaction.ts';

/** What came of a job: a new transaction, the first outcome of its id again, a refusal, or a bug in the rules. */
export type Verdict = Execution | { readonly outcome: 'repeated'; readonly known: KnownOutcome };

export interface ProcessorState extends ExecutionParts {
  /** The first outcome of the job's transaction id, durable or not. */
  readonly known: KnownOutcome | undefined;
}

const processOrder = async (jws: string, state: ProcessorState): Promise<Verdict> => {
  const { known } = state;
  if (known?.jws === jws) return { outcome: 'repeated', known };
  const call = await authenticatedCall(jws, state);
  if (known === undefined) return executeTransaction(call, state);
  requireSameOrder(jws, known.jws);
  return { outcome: 'repeated', known };
};

/** Decides one job over the state before it; writes nothing. Throws `StorageError`. */
export const processWork = async (work: Work, state: ProcessorState): Promise<Verdict> => {
  try {
    if ('jws' in work) return await processOrder(work.jws, state);
    if (state.known !== undefined) return { outcome: 'repeated', known: state.known };
    return await executeTransaction(work.call, state);
  } catch (error) {
    return outcomeOfThrow(error);
  }
};
