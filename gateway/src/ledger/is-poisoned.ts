import { LedgerRejected, LedgerUnavailable } from './errors.ts';

/** Whether a transaction failed because of what was in it: the same again would fail again. */
export const isPoisoned = (error: unknown): boolean =>
  error instanceof LedgerRejected || (error instanceof LedgerUnavailable && error.code === 'INTERNAL');
