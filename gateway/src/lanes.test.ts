import { expect, it } from 'vitest';
import { createLanes } from './lanes.ts';

const limits = { maxOfOne: 2, maxInAll: 3 };
const ignore = () => undefined;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('keeps the order of one name while others go on', async () => {
  const lanes = createLanes(limits);
  const first = Promise.withResolvers<void>();
  const done: string[] = [];
  const work =
    (what: string, until: Promise<void> = Promise.resolve()) =>
    async () => {
      await until;
      done.push(what);
    };
  lanes.take('a', work('a1', first.promise), ignore);
  lanes.take('a', work('a2'), ignore);
  lanes.take('b', work('b1'), ignore);
  await turn();
  expect(done).toEqual(['b1']);
  first.resolve();
  await turn();
  expect(done).toEqual(['b1', 'a1', 'a2']);
  expect(lanes.waiting).toBe(0);
});

it('begins at once what nothing stands before', () => {
  const begun: string[] = [];
  createLanes(limits).take('a', async () => void begun.push('a'), ignore);
  expect(begun).toEqual(['a']);
});

it('takes no more than there is room for, of one name and in all', async () => {
  const lanes = createLanes(limits);
  const never = () => new Promise<void>(() => undefined);
  expect(['a', 'a', 'a', 'b', 'c'].map((name) => lanes.take(name, never, ignore))).toEqual([
    ...[true, true, false, true, false],
  ]);
});

it('goes on behind work that failed', async () => {
  const lanes = createLanes(limits);
  const errors: unknown[] = [];
  const failing = () => Promise.reject(new Error('no'));
  lanes.take('a', failing, (error) => errors.push(error));
  lanes.take('a', failing, (error) => errors.push(error));
  await turn();
  expect(errors).toHaveLength(2);
  expect(lanes.waiting).toBe(0);
});
