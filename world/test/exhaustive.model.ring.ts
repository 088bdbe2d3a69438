import { availableParallelism } from 'node:os';
import { expect, test } from 'vitest';
import { exploreAll } from '../src/model/explorers.ts';
import { readOptions } from '../src/model/options.ts';
import { boundsTable, mutationsTable, trace } from '../src/model/report.ts';

test('within every bound no invariant breaks and all comes to rest, and every planted bug is found', async () => {
  const subjects = readOptions([]);
  const bounds = subjects?.bounds ?? [];
  const mutations = subjects?.mutations ?? [];
  const outcomes = await exploreAll([...mutations, ...bounds], {
    workers: Math.min(2, availableParallelism()),
    onOutcome: ({ name, cpuSeconds }) => console.log(`${name}: ${cpuSeconds.toFixed(1)} s of one processor`),
  });
  const ofBounds = outcomes.slice(mutations.length);
  const ofMutations = outcomes.slice(0, mutations.length);
  console.log(boundsTable(ofBounds));
  console.log(ofMutations.map(trace).join('\n\n'));
  console.log(mutationsTable(ofMutations));
  expect(ofBounds.filter(({ exploration }) => exploration.counterExample !== undefined)).toEqual([]);
  expect(ofBounds.map(({ exploration }) => exploration.states).filter((states) => states < 100)).toEqual([]);
  expect(
    ofMutations.flatMap(({ name, exploration }) => (exploration.counterExample === undefined ? [name] : [])),
  ).toEqual([]);
});
