import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  againAtOnce,
  begun,
  nextStation,
  type PolledStation,
  polled,
  startOrder,
  wake,
} from './poll-order.ts';

const INTERVAL_MS = 10_000;
const POLL_MS = 200;

type Answers = (address: number) => boolean;

/** Polls for a while; what each poll asks for is woken by `wakes` right before it. */
const run = (
  start: readonly PolledStation[],
  forMs: number,
  {
    answers,
    wakes = () => [],
  }: { readonly answers: Answers; readonly wakes?: (nowMs: number) => readonly number[] },
): readonly { readonly address: number; readonly atMs: number }[] => {
  const polls: { address: number; atMs: number }[] = [];
  let order = start;
  for (let nowMs = 0; nowMs < forMs; ) {
    for (const address of wakes(nowMs)) order = wake(order, address, nowMs);
    const next = nextStation(order, nowMs);
    if (next === undefined || next.dueMs > nowMs) {
      nowMs += POLL_MS;
      continue;
    }
    polls.push({ address: next.address, atMs: nowMs });
    order = begun(order, next.address);
    nowMs += POLL_MS;
    const poll = { address: next.address, answered: answers(next.address) };
    order = polled(order, poll, { nowMs, intervalMs: INTERVAL_MS });
  }
  return polls;
};

const countOf = (polls: readonly { readonly address: number }[], address: number): number =>
  polls.filter((poll) => poll.address === address).length;

describe('meters on a line', () => {
  it('are asked in turn, each once an interval', () => {
    const polls = run(startOrder([1, 2, 3], 0), 100_000, { answers: () => true });
    for (const address of [1, 2, 3]) expect(countOf(polls, address)).toBeGreaterThanOrEqual(9);
    expect(polls.slice(0, 3).map(({ address }) => address)).toEqual([1, 2, 3]);
  });

  it('are asked ever more rarely while they do not answer, and take no time from the others', () => {
    const dead = Array.from({ length: 30 }, (_, index) => index + 2);
    const polls = run(startOrder([1, ...dead], 0), 600_000, { answers: (address) => address === 1 });
    expect(countOf(polls, 1)).toBeGreaterThanOrEqual(50);
    for (const address of dead) expect(countOf(polls, address)).toBeLessThanOrEqual(12);
  });

  it('are asked at once where something waits for them', () => {
    const order = polled(
      startOrder([1, 2], 0),
      { address: 2, answered: true },
      { nowMs: 0, intervalMs: INTERVAL_MS },
    );
    expect(nextStation(wake(order, 2, 5), 5)).toEqual({ address: 2, dueMs: 5 });
  });

  it('are not woken while they do not answer: nobody could deliver', () => {
    const order = startOrder([1], 0);
    expect(wake(order, 1, 5)).toEqual(order);
  });

  it('are woken again by what comes while they are asked', () => {
    const answering = polled(
      startOrder([1], 0),
      { address: 1, answered: true },
      { nowMs: 0, intervalMs: INTERVAL_MS },
    );
    const during = wake(begun(wake(answering, 1, 1), 1), 1, 2);
    const after = polled(during, { address: 1, answered: true }, { nowMs: 3, intervalMs: INTERVAL_MS });
    expect(nextStation(after, 3)).toEqual({ address: 1, dueMs: 2 });
  });

  it('are not starved by one that is always busy, nor by those that are dead', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 0, max: 12 }), (living, dead) => {
        const addresses = Array.from({ length: living + dead }, (_, index) => index + 1);
        const answers: Answers = (address) => address <= living;
        const polls = run(startOrder(addresses, 0), 300_000, { answers, wakes: () => [1] });
        for (let address = 1; address <= living; address += 1)
          expect(countOf(polls, address)).toBeGreaterThanOrEqual(15);
      }),
      { numRuns: 30 },
    );
  });

  it('are all asked again as soon as the line is back', () => {
    const order = polled(
      startOrder([1], 0),
      { address: 1, answered: false },
      { nowMs: 0, intervalMs: INTERVAL_MS },
    );
    expect(nextStation(order, 1)?.dueMs).toBe(2_000);
    expect(nextStation(againAtOnce(order, 1), 1)?.dueMs).toBe(1);
  });

  it('are nobody where none are', () => {
    expect(nextStation([], 0)).toBeUndefined();
  });
});
