import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import { createBatcher } from './batching.ts';
import { LedgerRejected, LedgerUnavailable } from './errors.ts';

const limits = { maxItems: 3, maxQueued: 5, maxInFlight: 1, lingerMs: 10 };
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the batcher', () => {
  it('gathers what comes within the linger into one run and answers each its own result', async () => {
    const clock = createManualClock();
    const runs: number[][] = [];
    const batcher = createBatcher<number, number>(limits, clock, async (items) => {
      runs.push([...items]);
      return items.map((item) => item * 10);
    });
    const answers = Promise.all([batcher.add(1), batcher.add(2)]);
    await clock.advance(10);
    expect(await answers).toEqual([10, 20]);
    expect(runs).toEqual([[1, 2]]);
  });

  it('does not wait once a run is full', async () => {
    const batcher = createBatcher<number, number>(limits, createManualClock(), async (items) => [...items]);
    expect(await Promise.all([batcher.add(1), batcher.add(2), batcher.add(3)])).toEqual([1, 2, 3]);
  });

  it('rests after a run has begun, unless the next one is full', async () => {
    const clock = createManualClock();
    const runs: number[][] = [];
    const resting = { maxItems: 3, maxQueued: 9, maxInFlight: 8, lingerMs: 0, restMs: 10 };
    const batcher = createBatcher<number, number>(resting, clock, async (items) => {
      runs.push([...items]);
      return [...items];
    });
    const answers = [1, 2, 3, 4, 5, 6].map((item) => batcher.add(item));
    expect(runs).toEqual([[1], [2, 3, 4]]);
    await clock.advance(10);
    expect(runs).toEqual([[1], [2, 3, 4], [5, 6]]);
    await clock.advance(10);
    expect(await Promise.all([...answers, batcher.add(7)])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('refuses what does not fit the queue, and takes more when there is room', async () => {
    const clock = createManualClock();
    const releases: (() => void)[] = [];
    const batcher = createBatcher<number, number>(
      limits,
      clock,
      (items) =>
        new Promise((resolve) => {
          releases.push(() => resolve([...items]));
        }),
    );
    const all = Array.from({ length: 9 }, (_, n) => batcher.add(n).catch((error: Error) => error.message));
    releases.shift()?.();
    await turn();
    releases.shift()?.();
    await turn();
    releases.shift()?.();
    const answers = await Promise.all(all);
    expect(answers.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(answers[8]).toBe('The queue is full.');
  });

  it('fails every item of a run that failed, and goes on with the next', async () => {
    let fail = true;
    const batcher = createBatcher<number, number>(
      { ...limits, lingerMs: 0 },
      createManualClock(),
      async (items) => {
        if (fail) throw new Error('ledger away');
        return [...items];
      },
    );
    await expect(batcher.add(1)).rejects.toThrow('ledger away');
    fail = false;
    expect(await batcher.add(2)).toBe(2);
  });

  it('runs the items of a batch alone when one of them spoils it, so that it fails alone', async () => {
    for (const poison of [
      new LedgerRejected('BAD_REQUEST', 'spoilt'),
      new LedgerUnavailable('spoilt', { code: 'INTERNAL' }),
    ]) {
      const runs: number[][] = [];
      const batcher = createBatcher<number, number>(limits, createManualClock(), async (items) => {
        runs.push([...items]);
        if (items.includes(2)) throw poison;
        return [...items];
      });
      const answers = await Promise.allSettled([1, 2, 3].map((item) => batcher.add(item)));
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(runs).toEqual([[1, 2, 3], [1], [2], [3]]);
    }
  });

  it('takes from all who bring something in turn, whoever brought how much', async () => {
    const runs: string[][] = [];
    const batcher = createBatcher<string, string>(
      { maxItems: 3, maxQueued: 20, maxInFlight: 1, lingerMs: 0 },
      createManualClock(),
      async (items) => {
        runs.push([...items]);
        await turn();
        return [...items];
      },
    );
    const many = ['a1', 'a2', 'a3', 'a4', 'a5', 'a6'].map((item) => batcher.add(item, 'a'));
    const few = ['b1', 'c1'].map((item) => batcher.add(item, item.slice(0, 1)));
    await Promise.all([...many, ...few]);
    expect(runs).toEqual([['a1'], ['a2', 'b1', 'c1'], ['a3', 'a4', 'a5'], ['a6']]);
  });

  it('tells when nothing is left', async () => {
    const batcher = createBatcher<number, number>(
      { ...limits, lingerMs: 0 },
      createManualClock(),
      async (items) => [...items],
    );
    const answer = batcher.add(4);
    await batcher.idle();
    expect(batcher.queued).toBe(0);
    expect(await answer).toBe(4);
  });
});
