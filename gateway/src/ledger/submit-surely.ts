import type { TransactionName, TransactionRequest, TransactionResult } from '@tapwatt/chaincode';
import { bytesToHex } from '@tapwatt/firmware-contracts';
import { type Clock, pause, type Random } from '../edges/edges.ts';
import { LedgerUnavailable, OutcomeUnknown } from './errors.ts';
import { isPoisoned } from './is-poisoned.ts';
import type { Committed, Ledger } from './ledger.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

export interface SurelyEdges {
  readonly clock: Clock;
  readonly random: Random;
  /** Ends the attempts; the last error is thrown then. */
  readonly signal: AbortSignal;
  /** Attempts in all; without it, until the signal aborts. */
  readonly maxAttempts?: number;
}

/**
 * Submits one transaction until its outcome is known. Unknown is not failed (DESIGN.md, principle 3): every
 * attempt has the same transaction id, and a commit whose answer was lost is found by it.
 *
 * Throws `LedgerRejected` at once, and `LedgerUnavailable` INTERNAL, which is a bug in the rules; `LedgerUnavailable` or `OutcomeUnknown` when the attempts end.
 */
export async function submitSurely<N extends TransactionName>(
  ledger: Pick<Ledger, 'submit'>,
  transaction: { name: N; request: TransactionRequest<N> },
  edges: SurelyEdges,
): Promise<Committed<TransactionResult<N>>> {
  const txId = bytesToHex(edges.random.bytes(16));
  let pauseMs = FIRST_PAUSE_MS;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ledger.submit(transaction.name, transaction.request, { txId });
    } catch (error) {
      const passing =
        (error instanceof OutcomeUnknown || error instanceof LedgerUnavailable) && !isPoisoned(error);
      if (!passing || edges.signal.aborted || attempt >= (edges.maxAttempts ?? Number.POSITIVE_INFINITY))
        throw error;
    }
    await pause(edges.clock, pauseMs, edges.signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
