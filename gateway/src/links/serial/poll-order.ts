/** A meter's place on a line: who is asked next, and when. */
export interface PolledStation {
  readonly address: number;
  /** Asked at this time at the earliest, ms. */
  readonly dueMs: number;
  /** Something waits for it: it comes before those that are only due. */
  readonly wokenMs?: number;
  /** Polls in a row without an answer; `undefined` while it answers. */
  readonly silent?: number;
}

/** A silent meter is asked again after so long, doubled each time. */
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 300_000;
const MAX_DOUBLINGS = 8;
/** How long one that is only due lets others go before it, ms. */
const PATIENCE_MS = 5_000;

/** All are due at once, in the order of their addresses; none has answered yet. */
export const startOrder = (addresses: readonly number[], nowMs: number): readonly PolledStation[] =>
  addresses.map((address) => ({ address, dueMs: nowMs, silent: 0 }));

/**
 * Who is asked next, and not before when. A meter for which something waits goes before one that is only due, but not for
 * longer than the other's patience; so a dead meter takes a turn now and then, and a busy one starves nobody.
 */
export function nextStation(
  order: readonly PolledStation[],
  nowMs: number,
): { readonly address: number; readonly dueMs: number } | undefined {
  const ready = order.filter(({ wokenMs, dueMs }) => wokenMs !== undefined || dueMs <= nowMs);
  const [first] = ready.length > 0 ? ready.toSorted(byUrgency) : order.toSorted(byDue);
  return first === undefined ? undefined : { address: first.address, dueMs: first.wokenMs ?? first.dueMs };
}

const urgency = ({ wokenMs, dueMs }: PolledStation): number => wokenMs ?? dueMs + PATIENCE_MS;
const byUrgency = (a: PolledStation, b: PolledStation): number => urgency(a) - urgency(b);
const byDue = (a: PolledStation, b: PolledStation): number => a.dueMs - b.dueMs;

/** Something waits for the meter at this address. */
export const wake = (
  order: readonly PolledStation[],
  address: number,
  nowMs: number,
): readonly PolledStation[] =>
  order.map((station) =>
    station.address === address && station.silent === undefined
      ? { ...station, wokenMs: station.wokenMs ?? nowMs }
      : station,
  );

/** A poll begins: what wakes the meter from now on is for the next one. */
export const begun = (order: readonly PolledStation[], address: number): readonly PolledStation[] =>
  order.map(({ wokenMs, ...station }) =>
    station.address === address || wokenMs === undefined ? station : { ...station, wokenMs },
  );

/** A poll has ended; one that was answered is due again after `intervalMs`. */
export const polled = (
  order: readonly PolledStation[],
  poll: { readonly address: number; readonly answered: boolean },
  times: { readonly nowMs: number; readonly intervalMs: number },
): readonly PolledStation[] =>
  order.map((station) =>
    station.address !== poll.address
      ? station
      : poll.answered
        ? heard(station, times)
        : missed(station, times),
  );

const heard = (
  { silent: _, ...station }: PolledStation,
  { nowMs, intervalMs }: { readonly nowMs: number; readonly intervalMs: number },
): PolledStation => ({ ...station, dueMs: nowMs + intervalMs });

const missed = (
  { address, silent = 0 }: PolledStation,
  { nowMs }: { readonly nowMs: number },
): PolledStation => ({
  address,
  dueMs: nowMs + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** silent),
  silent: Math.min(silent + 1, MAX_DOUBLINGS),
});

/** The line is there again: whoever answered before is asked soon. */
export const againAtOnce = (order: readonly PolledStation[], nowMs: number): readonly PolledStation[] =>
  order.map((station) => ({ ...station, dueMs: nowMs }));
