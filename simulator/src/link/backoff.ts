import type { Random } from '../time/random.ts';

/** Retry delays as a value: doubling from `firstMs` up to `maxMs`, each drawn from its upper half, so that a fleet does not come in step. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const RECONNECT_BACKOFF: Backoff = { firstMs: 250, maxMs: 15_000 };

/** The delay before retry `attempt` (0 is the first), in milliseconds. */
export const backoffDelay = (backoff: Backoff, attempt: number, random: Random): number => {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * random.next();
};
