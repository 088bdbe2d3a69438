import { expect, it } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import type { Heard } from '../../meter-voice.ts';
import { createCarriedReceipts } from './carried-receipts.ts';

const RETRY_MS = 10_000;

function courier() {
  const clock = createManualClock();
  const asked: number[] = [];
  const issuer: { says: Heard } = { says: 'unread' };
  const stopping = new AbortController();
  const carried = createCarriedReceipts({
    ...{ clock, link: 'nfc', signal: stopping.signal },
    voice: {
      async receipt(_meterId, receipt) {
        asked.push(receipt[0] ?? -1);
        return issuer.says;
      },
    },
  });
  return { carried, clock, asked, issuer, stopping };
}

it('keeps receipts while the issuer is away, each once, and hands them in when it is back', async () => {
  const { carried, clock, asked, issuer } = courier();
  for (const n of [1, 2, 1]) await carried.take('1', Uint8Array.of(n));
  expect([carried.held, asked]).toEqual([2, [1, 2, 1]]);
  await clock.advance(RETRY_MS);
  expect([carried.held, asked.slice(3)]).toEqual([2, [1]]);
  issuer.says = 'heard';
  await clock.advance(RETRY_MS);
  expect([carried.held, asked.slice(4)]).toEqual([0, [1, 2]]);
  await clock.advance(10 * RETRY_MS);
  expect(asked).toHaveLength(6);
});

it('keeps nothing that was heard, or that is not authentic', async () => {
  const { carried, issuer } = courier();
  for (const says of ['heard', 'ignored'] as const) {
    issuer.says = says;
    await carried.take('1', Uint8Array.of(1));
  }
  expect(carried.held).toBe(0);
});

it('is bounded, and forgets the oldest', async () => {
  const { carried, clock, asked, issuer } = courier();
  for (let n = 0; n < 4_100; n += 1) await carried.take('1', Uint8Array.of(n % 256, n >> 8));
  expect(carried.held).toBe(4_096);
  asked.length = 0;
  issuer.says = 'heard';
  await clock.advance(RETRY_MS);
  expect([asked[0], asked.length]).toEqual([4, 4_096]);
});

it('asks no more once the gateway stops', async () => {
  const { carried, clock, asked, stopping } = courier();
  await carried.take('1', Uint8Array.of(1));
  stopping.abort();
  await clock.advance(2 * RETRY_MS);
  expect(asked).toEqual([1]);
});
