import { expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../store.ts';
import { reading } from '../testing/measured.ts';
import { sumsOfLate } from './late-readings.ts';

const NOON = Date.UTC(2026, 5, 2, 12, 30);

/** What is summed once more for a reading of that age: into hours, into days. */
const summedFor = (ageMs: number): readonly string[] =>
  sumsOfLate('tapwatt', [reading({ atMs: NOON - ageMs })], NOON).map(
    (statement) => /INTO "tapwatt"\.(\w+)\./.exec(statement)?.[1] ?? statement,
  );

it.each([
  ['within what the database sums again', 1.5 * HOUR_MS, []],
  ['of an hour that it has left behind', 2.5 * HOUR_MS, ['hourly']],
  ['of a day that it has left behind', 36 * HOUR_MS, ['hourly', 'daily']],
  ['of long ago', 5 * DAY_MS, ['hourly', 'daily']],
] as const)('a late reading %s', (_name, ageMs, sums) => {
  expect(summedFor(ageMs)).toEqual(sums);
});
