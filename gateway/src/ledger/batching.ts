import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';

export interface BatchLimits {
  /** Items of one transaction. */
  readonly maxItems: number;
  /** Items that may wait; one more is refused with BUSY. */
  readonly maxQueued: number;
  /** Transactions under way at once. */
  readonly maxInFlight: number;
  /** How long a first item waits for company, ms. */
  readonly lingerMs: number;
}

/** Collects items of one kind into transactions (DESIGN.md, "batching"): one result an item, in order. */
export interface Batcher<Item, Result> {
  /** Rejects with BUSY when the queue is full, and with what `run` threw for the whole batch. */
  add(item: Item): Promise<Result>;
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
  const queue: Waiting<Item, Result>[] = [];
  const idleWaiters: (() => void)[] = [];
  let inFlight = 0;
  let lingering = false;

  function pump(): void {
    while (inFlight < limits.maxInFlight && queue.length > 0 && !lingering) {
      void runBatch(queue.splice(0, limits.maxItems));
    }
    if (inFlight === 0 && queue.length === 0) for (const resolve of idleWaiters.splice(0)) resolve();
  }

  async function runBatch(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    inFlight += 1;
    try {
      const results = await run(batch.map((waiting) => waiting.item));
      batch.forEach((waiting, index) => {
        const result = results[index];
        if (result === undefined)
          waiting.reject(new TapwattError('INTERNAL', 'A batch answered too few results.'));
        else waiting.resolve(result);
      });
    } catch (error) {
      for (const waiting of batch) waiting.reject(error);
    } finally {
      inFlight -= 1;
      pump();
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
    add(item) {
      if (queue.length >= limits.maxQueued) return Promise.reject(new TapwattError('BUSY'));
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, resolve, reject });
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
