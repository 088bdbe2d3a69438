import { expect, it } from 'vitest';
import { createTurns } from './turns.ts';

const limits = { maxOfOne: 2, maxInAll: 3 };
const ignore = () => undefined;
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('keeps the order of one name while others go on', async () => {
  const turns = createTurns(limits);
  const first = Promise.withResolvers<void>();
  const done: string[] = [];
  const work = (what: string, until: Promise<void> = Promise.resolve()) => async () => {
    await until;
    done.push(what);
  };
  turns.take('a', work('a1', first.promise), ignore);
  turns.take('a', work('a2'), ignore);
  turns.take('b', work('b1'), ignore);
  await turn();
  expect(done).toEqual(['b1']);
  first.resolve();
  await turn();
  expect(done).toEqual(['b1', 'a1', 'a2']);
  expect(turns.waiting).toBe(0);
});

it('begins at once what nothing stands before', () => {
  const begun: string[] = [];
  createTurns(limits).take('a', async () => void begun.push('a'), ignore);
  expect(begun).toEqual(['a']);
});

it('takes no more than there is room for, of one name and in all', async () => {
  const turns = createTurns(limits);
  const never = () => new Promise<void>(() => undefined);
  expect(['a', 'a', 'a', 'b', 'c'].map((name) => turns.take(name, never, ignore))).toEqual([
    ...[true, true, false, true, false],
  ]);
});

it('goes on behind work that failed', async () => {
  const turns = createTurns(limits);
  const errors: unknown[] = [];
  const failing = () => Promise.reject(new Error('no'));
  turns.take('a', failing, (error) => errors.push(error));
  turns.take('a', failing, (error) => errors.push(error));
  await turn();
  expect(errors).toHaveLength(2);
  expect(turns.waiting).toBe(0);
});
