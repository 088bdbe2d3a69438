import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';
import { FairQueue } from './fair-queue.ts';
import { isPoisoned } from './is-poisoned.ts';

export interface BatchLimits {
  /** Items of one transaction. */
  readonly maxItems: number;
  /** Items that may wait; one more is refused with BUSY. */
  readonly maxQueued: number;
  /** Transactions under way at once. */
  readonly maxInFlight: number;
  /** How long a first item waits for company, ms. */
  readonly lingerMs: number;
  /** After one run has begun the next begins so much later, ms, unless it is full: what comes meanwhile goes together. */
  readonly restMs?: number;
}

/** Collects items of one kind into transactions (DESIGN.md, "batching"): one result an item, in order. */
export interface Batcher<Item, Result> {
  /**
   * `owner` is who brings it: batches are made of all owners' items in turn. Rejects with BUSY when the queue is full,
   * and with what `run` threw; if that was because of what was in the batch, each of its items is run once more, alone.
   */
  add(item: Item, owner?: string): Promise<Result>;
  readonly queued: number;
  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export function createBatcher<Item, Result>(
  limits: BatchLimits,
  clock: Clock,
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Batcher<Item, Result> {
  const queue = new FairQueue<Waiting<Item, Result>>();
  const idleWaiters: (() => void)[] = [];
  let inFlight = 0;
  let lingering = false;
  let resting = false;

  function pump(): void {
    while (inFlight < limits.maxInFlight && queue.length > 0 && !lingering && !isResting()) {
      rest();
      void runBatch(queue.take(limits.maxItems));
    }
    if (inFlight === 0 && queue.length === 0) for (const resolve of idleWaiters.splice(0)) resolve();
  }

  const isResting = (): boolean => resting && queue.length < limits.maxItems;

  function rest(): void {
    if (limits.restMs === undefined || resting) return;
    resting = true;
    clock.after(
      limits.restMs,
      () => {
        resting = false;
        pump();
      },
      { holdsProcess: true },
    );
  }

  async function runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    inFlight += 1;
    await answer(batch);
    inFlight -= 1;
    pump();
  }

  async function answer(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await run(batch.map((waiting) => waiting.item));
      for (const [index, waiting] of batch.entries()) settle(waiting, results[index]);
    } catch (error) {
      if (batch.length > 1 && isPoisoned(error)) await Promise.all(batch.map((one) => answer([one])));
      else for (const waiting of batch) waiting.reject(error);
    }
  }

  function linger(): void {
    if (limits.lingerMs === 0 || queue.length >= limits.maxItems) {
      lingering = false;
      pump();
      return;
    }
    if (lingering || queue.length > 1) return;
    lingering = true;
    clock.after(limits.lingerMs, () => {
      lingering = false;
      pump();
    });
  }

  return {
    add(item, owner = '') {
      if (queue.length >= limits.maxQueued) return Promise.reject(new TapwattError('BUSY'));
      return new Promise<Result>((resolve, reject) => {
        queue.push(owner, { item, resolve, reject });
        linger();
      });
    },
    get queued() {
      return queue.length;
    },
    idle: () =>
      new Promise((resolve) => {
        idleWaiters.push(resolve);
        pump();
      }),
  };
}

function settle<Item, Result>(waiting: Waiting<Item, Result>, result: Result | undefined): void {
  if (result === undefined) waiting.reject(new TapwattError('INTERNAL', 'A batch answered too few results.'));
  else waiting.resolve(result);
}
