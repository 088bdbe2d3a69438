import { expect, test } from 'vitest';
import { exploreApart } from './apart.ts';
import { boundNamed } from './bound.ts';
import { sharedKeys } from './footprint.ts';
import { PRODUCTION } from './protocol.ts';
import { explore } from './search.ts';

test('the states of two meters explored together, before and after a restore, are the combinations of those of each', async () => {
  const bound = boundNamed('two-restored');
  const together = await explore(bound, PRODUCTION);
  const apart = await exploreApart(bound, PRODUCTION);
  expect(apart.phases).toEqual(together.phases);
  expect(apart.cores).toBe(together.cores);
  expect(apart.states).toBeLessThan(together.states / 10);
}, 60_000);

test('what one writes and the other reads, or both write, is shared; what both only read is not', () => {
  const footprint = (read: readonly string[], written: readonly string[]) => ({
    read: new Set(read),
    written: new Set(written),
  });
  const one = footprint(['rules', 'a', 'seen'], ['a', 'both']);
  const other = footprint(['rules', 'b'], ['b', 'both', 'seen']);
  expect(sharedKeys(one, other)).toEqual(['both', 'seen']);
  expect(sharedKeys(one, footprint(['rules', 'a'], []))).toEqual(['a']);
});

test('meters that meet in a key of the ledger are not explored apart', async () => {
  const meeting = {
    ...PRODUCTION,
    transact: async (...asked: Parameters<typeof PRODUCTION.transact>) => {
      const after = await PRODUCTION.transact(...asked);
      return after && new Map(after).set('MEET~', JSON.stringify(asked[1].txId));
    },
  };
  await expect(exploreApart(boundNamed('two-restored'), meeting)).rejects.toThrow('share MEET~');
});
