import { type Clock, pause } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { CatchUp } from './catch-up.ts';
import { createKnocks } from './knocks.ts';
import { openFrames } from './open-frames.ts';
import type { Redemptions } from './redemptions.ts';

export interface SweepLimits {
  /** Between two sweeps over the whole ledger, ms. */
  readonly intervalMs: number;
  /** Meters read in one query. */
  readonly pageSize: number;
  /** Vouchers presented or being settled; the sweep waits above it. */
  readonly maxInFlight: number;
}

/** How long the sweep waits for room before it goes on all the same, and between looks, ms. */
const ROOM_DEADLINE_MS = 10_000;
const ROOM_LOOK_MS = 20;
/** Vouchers whose end is looked up after one sweep; the next takes more. */
const MAX_LOOKED_UP = 1_000;
/** Meters whose open vouchers are read at the same time. */
const READERS = 4;

export interface PresenterPorts {
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly issuer: Issuer;
  readonly redemptions: Redemptions;
  readonly catchUp: CatchUp;
  /**
   * Whether a meter is connected now, whose redemptions count it as away because it did not answer for a while;
   * `undefined` where its broker does not tell.
   */
  readonly isListening: (meterId: string) => boolean | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Presents what the ledger has open (DESIGN.md, principle 2): of one meter when it says hello, of all meters that
 * can be reached at boot and at every interval. Derived from the ledger alone, so it may run twice or be cut short.
 */
export interface Presenter {
  /** The open vouchers of this meter, soon. Asking twice before it happens is asking once. */
  enqueue(meterId: string): void;
  /** The same now; resolves when all of them are on their way. Throws the ledger's and the issuer's errors. */
  present(meterId: string): Promise<void>;
  /** One pass over every meter with open vouchers; answers how many were reachable. */
  sweep(): Promise<number>;
  /** Sweeps now, for meters that were connected all the time and are silent, and again after every interval. */
  start(): void;
  /** Meters whose open vouchers are still to be shown, those that are being read now included; one more while a sweep looks for them. */
  readonly queued: number;
}

export function createPresenter(ports: PresenterPorts, limits: SweepLimits): Presenter {
  const { ledger, redemptions, clock, signal } = ports;
  const knocks = createKnocks(ports);
  const waiting = new Set<string>();
  let readers = 0;
  let reading = 0;
  let isSweepDue = false;

  async function present(meterId: string): Promise<void> {
    for await (const open of openFrames(ports, meterId)) redemptions.deliver(meterId, open);
  }

  async function room(): Promise<void> {
    const deadlineMs = clock.monotonicMs() + ROOM_DEADLINE_MS;
    while (
      redemptions.inFlight >= limits.maxInFlight &&
      clock.monotonicMs() < deadlineMs &&
      !signal.aborted
    ) {
      await pause(clock, ROOM_LOOK_MS, signal);
    }
  }

  async function read(): Promise<void> {
    for (const meterId of waiting) {
      if (signal.aborted) return;
      await room();
      // Another reader may have taken it while this one waited for room.
      if (!waiting.delete(meterId)) continue;
      reading += 1;
      await present(meterId).catch((error) =>
        ports.onError(error, `present the vouchers of meter ${meterId}`),
      );
      reading -= 1;
    }
  }

  function enqueue(meterId: string): void {
    waiting.add(meterId);
    if (readers >= READERS) return;
    readers += 1;
    void read().finally(() => {
      readers -= 1;
      const [left] = waiting;
      if (left !== undefined && !signal.aborted) enqueue(left);
    });
  }

  const isUnheardOf = (meterId: string): boolean =>
    !redemptions.isReachable(meterId) && ports.isListening(meterId) === undefined;

  async function sweep(): Promise<number> {
    let found = 0;
    knocks.next();
    const ended = redemptions.waiting();
    for (let after: string | undefined; ; ) {
      const page = await ledger.evaluate('MetersWithOpen', {
        limit: limits.pageSize,
        ...(after === undefined ? {} : { after }),
      });
      for (const { meterId } of page.meters) {
        if (!redemptions.isReachable(meterId, 'mqtt') && ports.isListening(meterId))
          redemptions.reachable(meterId, true, 'mqtt');
      }
      for (const { open } of page.meters) for (const { voucherId } of open) ended.delete(voucherId);
      const reachable = page.meters.filter((meter) => redemptions.isReachable(meter.meterId));
      found += reachable.length;
      for (const meter of reachable) enqueue(meter.meterId);
      await knocks.at(page.meters.map(({ meterId }) => meterId).filter(isUnheardOf));
      if (page.next === undefined || signal.aborted) break;
      after = page.next;
      await pause(clock, 0, signal);
    }
    await catchUpWith(ended);
    return found;
  }

  /** What waited here for a meter that is elsewhere, and is not open any more: it ended there. */
  async function catchUpWith(ended: ReadonlySet<string>): Promise<void> {
    for (const voucherId of [...ended].slice(0, MAX_LOOKED_UP)) {
      if (signal.aborted) return;
      await ports.catchUp(voucherId);
    }
  }

  function schedule(delayMs = 0): void {
    isSweepDue = delayMs === 0;
    clock.after(delayMs, () => {
      if (signal.aborted) return;
      isSweepDue = true;
      void sweep()
        .catch((error) => ports.onError(error, 'sweep the open vouchers'))
        .finally(() => schedule(limits.intervalMs));
    });
  }

  return {
    enqueue,
    present,
    sweep,
    start: schedule,
    get queued() {
      return waiting.size + reading + (isSweepDue ? 1 : 0);
    },
  };
}
