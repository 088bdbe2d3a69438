import { expect, test } from 'vitest';
import { boundNamed } from './bound.ts';
import { mutationNamed } from './mutations/all.ts';
import { PRODUCTION } from './protocol.ts';
import { explore } from './search.ts';

test('within two vouchers nothing that couriers, people and power cuts do breaks an invariant, and all comes to rest', async () => {
  const { counterExample, states } = await explore(boundNamed('small'), PRODUCTION);
  expect(counterExample).toBeUndefined();
  expect(states).toBeGreaterThan(500);
});

test('an end of the epoch loses no voucher', async () => {
  const { counterExample, states } = await explore(boundNamed('one-voucher'), PRODUCTION);
  expect(counterExample).toBeUndefined();
  expect(states).toBeGreaterThan(100);
});

test('exploring twice meets the same states', async () => {
  const first = await explore(boundNamed('one-voucher'), PRODUCTION);
  expect(await explore(boundNamed('one-voucher'), PRODUCTION)).toEqual(first);
});

test.each([
  ['credit-before-mark', 3],
  ['mark-before-credit', 2],
  ['refund-by-timeout', 3],
  ['bad-epoch-before-repeated-answer', 4],
])('%s is found in %i steps', async (name, steps) => {
  const { bound, protocol } = mutationNamed(name);
  const { counterExample } = await explore(boundNamed(bound), protocol);
  expect(counterExample?.steps).toHaveLength(steps);
});
