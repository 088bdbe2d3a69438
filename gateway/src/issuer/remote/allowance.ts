import type { Clock } from '../../edges/edges.ts';
import { createRecentMap } from '../../recent-map.ts';

export interface AllowanceLimits {
  /** Questions a second, in the long run. */
  readonly perSecond: number;
  /** Questions at once after a pause. */
  readonly atOnce: number;
}

const MAX_ASKERS = 1_000;
const MS_PER_SECOND = 1_000;

/** What each gateway may ask: `false` when it asks for more than it is allowed now. */
export function createAllowance(limits: AllowanceLimits, clock: Clock) {
  const left = createRecentMap<string, { readonly count: number; readonly atMs: number }>(MAX_ASKERS);
  return (gatewayId: string, count: number): boolean => {
    const nowMs = clock.nowMs();
    const known = left.get(gatewayId) ?? { count: limits.atOnce, atMs: nowMs };
    // A clock that was set back gives nothing.
    const refilled = known.count + (Math.max(0, nowMs - known.atMs) * limits.perSecond) / MS_PER_SECOND;
    const available = Math.min(limits.atOnce, refilled);
    const isAllowed = available >= count;
    left.set(gatewayId, { count: isAllowed ? available - count : available, atMs: nowMs });
    return isAllowed;
  };
}
