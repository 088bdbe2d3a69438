import { expect, test } from 'vitest';
import { BOUNDS } from '../src/model/bound.ts';
import { MUTATIONS } from '../src/model/mutations/all.ts';
import { PRODUCTION } from '../src/model/protocol.ts';
import { explore } from '../src/model/search.ts';

test.each(BOUNDS)(
  'within the bound $name ($about) no invariant breaks and all comes to rest',
  async (bound) => {
    const { counterExample, states } = await explore(bound, PRODUCTION);
    expect(counterExample).toBeUndefined();
    expect(states).toBeGreaterThan(100);
  },
);

test.each(MUTATIONS)('$name is found', async ({ bound: name, protocol }) => {
  const bound = BOUNDS.find((one) => one.name === name);
  if (bound === undefined) throw new Error(`there is no bound ${name}`);
  const { counterExample } = await explore(bound, protocol);
  expect(counterExample).toBeDefined();
});
