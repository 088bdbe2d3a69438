import { STATE_BIT, type StatusFields } from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import { createRecentMap } from '../recent-map.ts';

/** A meter's clock may be off by so much before it is set, seconds. */
export const MAX_DRIFT_S = 30;
/** One meter is told the time at most so often, ms: a clock that does not hold is not cured by more orders. */
export const MIN_INTERVAL_MS = 60_000;
const MAX_REMEMBERED = 50_000;

/** Whether an authentic status shows a clock that should be set. A LOCKED meter has no key to take an order with. */
const needsTime = (status: StatusFields, nowS: number): boolean =>
  status.keyEpoch !== 0 &&
  ((status.stateBits & STATE_BIT.CLOCK_UNTRUSTED) !== 0 || Math.abs(status.meterTime - nowS) > MAX_DRIFT_S);

/**
 * Tells meters the time when their status shows that they need it (WIRE.md, "Time order"). The order's number is the
 * time itself: it rises without a store, and a gateway whose clock went back sets no meter back.
 */
export function createClockKeeper(ports: {
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly send: (meterId: string, timeOrder: Uint8Array) => Promise<unknown>;
}) {
  const toldAtMs = createRecentMap<string, number>(MAX_REMEMBERED);

  return async (status: StatusFields): Promise<void> => {
    const monotonicMs = ports.clock.monotonicMs();
    const meterId = String(status.meterId);
    const nowS = Math.floor(ports.clock.nowMs() / 1000);
    const toldMs = toldAtMs.get(meterId);
    if (!needsTime(status, nowS) || (toldMs !== undefined && monotonicMs - toldMs < MIN_INTERVAL_MS)) return;
    toldAtMs.set(meterId, monotonicMs);
    try {
      const order = { meterId, keyEpoch: status.keyEpoch, timeNo: nowS, time: nowS };
      await ports.send(meterId, await ports.issuer.timeOrder(order));
    } catch {
      // A meter that did not hear it says so in its next status.
    }
  };
}
