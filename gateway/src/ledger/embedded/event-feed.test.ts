import { describe, expect, it } from 'vitest';
import type { EmbeddedLedger } from './embedded-ledger.ts';
import { counters, openTestLedger, withDirectory } from './testing/test-ledger.ts';

const eventsOf = (ledger: EmbeddedLedger, from: number, signal: AbortSignal) =>
  ledger.as({ partyId: 'x', role: 'auditor' }).events(from, signal);

/** The block numbers of the next `count` events. */
const take = async (events: AsyncIterable<{ blockNumber: number }>, count: number): Promise<number[]> => {
  const blocks: number[] = [];
  for await (const { blockNumber } of events) {
    blocks.push(blockNumber);
    if (blocks.length === count) break;
  }
  return blocks;
};

describe('events', () => {
  it('come from disk first and then live, each once and in order, also for slow readers', () =>
    withDirectory(async (directory) => {
      const limits = { recentBlocks: 3, groupTransactions: 2 };
      const ledger = await openTestLedger({ directory, limits });
      const party = counters(ledger);
      for (let block = 0; block < 10; block++) await party.add('a', 1);
      const { signal } = new AbortController();
      const all = take(eventsOf(ledger, 0, signal), 30);
      const late = take(eventsOf(ledger, 8, signal), 3);
      const live = Promise.all(Array.from({ length: 20 }, () => party.add('a', 1)));
      const committed = (await live).map(({ blockNumber }) => blockNumber);
      expect(await all).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...committed]);
      expect(await late).toEqual([8, 9, 10]);
      await ledger.close();
    }));

  it('end when their reader stops or the ledger closes', async () => {
    const ledger = await openTestLedger();
    const stop = new AbortController();
    const stopped = take(eventsOf(ledger, 0, stop.signal), 1);
    const closed = take(eventsOf(ledger, 0, new AbortController().signal), 1);
    stop.abort();
    expect(await stopped).toEqual([]);
    await ledger.close();
    expect(await closed).toEqual([]);
  });

  it('have a bounded number of readers', async () => {
    const ledger = await openTestLedger({ limits: { subscribers: 1 } });
    const stop = new AbortController();
    const first = take(eventsOf(ledger, 0, stop.signal), 1);
    const second = take(eventsOf(ledger, 0, stop.signal), 1);
    await expect(second).rejects.toMatchObject({ code: 'BUSY' });
    stop.abort();
    await first;
    expect((await ledger.stats()).subscribers).toBe(0);
    await ledger.close();
  });
});
