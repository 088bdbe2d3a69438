import { expect, it } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import { LedgerUnavailable } from '../errors.ts';
import { watchChain } from './chain-watch.ts';

const AGAIN_MS = 2_001;

it('tells of each failure, which may have another reason than the last, and once that the network is back', async () => {
  const clock = createManualClock();
  const [away, clockOff] = [
    new LedgerUnavailable('gone'),
    new LedgerUnavailable('late', { code: 'CLOCK_OFF' }),
  ];
  const heads = [
    { number: 1, hash: 'aa' },
    away,
    clockOff,
    { number: 2, hash: 'bb' },
    { number: 3, hash: 'cc' },
  ];
  const told: unknown[] = [];
  const watch = watchChain(
    {
      async head() {
        const head = heads.length > 1 ? heads.shift() : heads[0];
        if (head instanceof Error) throw head;
        return head ?? { number: 0, hash: '' };
      },
    },
    clock,
    (isReached, error) => told.push(isReached ? 'back' : error),
  );
  for (let n = 0; n < 6; n += 1) await clock.advance(AGAIN_MS);
  expect(told).toEqual([away, clockOff, 'back']);
  expect([watch.isReached, watch.head?.number]).toEqual([true, 3]);
  watch.stop();
});
