import { messageOf, type TapwattError } from '@tapwatt/firmware-contracts';
import { LedgerRejected, LedgerUnavailable, OutcomeUnknown } from '../errors.ts';
import type { Committed } from '../ledger.ts';
import type { Waiter } from './group.ts';
import type { Job } from './job-queue.ts';
import { StorageError } from './storage-error.ts';

/** "Nothing happened", with the code of what failed underneath. */
export const unavailable = (cause: unknown): LedgerUnavailable => {
  if (cause instanceof LedgerUnavailable) return cause;
  const message = messageOf(cause);
  return new LedgerUnavailable(message, {
    cause,
    ...(cause instanceof StorageError ? { code: cause.code } : {}),
  });
};

/** The rules' refusal in the words of the port. */
export const rejected = ({ code, message, details }: TapwattError, cause: unknown): LedgerRejected =>
  new LedgerRejected(code, message, { cause, details: { ...details } });

/** A bug in the rules: the transaction left no trace. */
export const broken = (txId: string, cause: unknown): LedgerUnavailable =>
  new LedgerUnavailable(`Transaction ${txId} failed inside the rules.`, { code: 'INTERNAL', cause });

/** Tells a job that its transaction is committed. */
export const committedWaiter = (job: Job, committed: Committed<unknown>): Waiter => ({
  landed: () => job.resolve(committed),
  failed: (cause, written) =>
    job.reject(written ? new OutcomeUnknown(job.txId, { cause }) : unavailable(cause)),
});

/** Tells a job that it was refused, for which nothing had to be written. */
export const refusedWaiter = (job: Job, refusal: LedgerRejected | LedgerUnavailable): Waiter => ({
  landed: () => job.reject(refusal),
  failed: (cause) => job.reject(unavailable(cause)),
});
