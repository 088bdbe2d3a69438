import type { Clock } from './edges/edges.ts';
import { createRecentMap } from './recent-map.ts';

export interface AllowanceLimits {
  /** So many a second, in the long run. */
  readonly perSecond: number;
  /** So many at once after a pause. */
  readonly atOnce: number;
  /** Of so many it is remembered what they took. */
  readonly maxNames: number;
}

const MS_PER_SECOND = 1_000;

/** What each of many may take: `false` when one takes more than it is allowed now. */
export function createAllowance(limits: AllowanceLimits, clock: Clock) {
  const left = createRecentMap<string, { readonly count: number; readonly atMs: number }>(limits.maxNames);
  return (name: string, count: number): boolean => {
    const nowMs = clock.monotonicMs();
    const known = left.get(name) ?? { count: limits.atOnce, atMs: nowMs };
    const refilled = known.count + ((nowMs - known.atMs) * limits.perSecond) / MS_PER_SECOND;
    const available = Math.min(limits.atOnce, refilled);
    const isAllowed = available >= count;
    left.set(name, { count: isAllowed ? available - count : available, atMs: nowMs });
    return isAllowed;
  };
}
