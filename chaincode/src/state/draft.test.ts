import { expect, test } from 'vitest';
import { Draft } from './draft.ts';

const over = (values: Record<string, string>) => Draft.over({ get: (key) => values[key] });

test('a draft reads its own writes', async () => {
  const draft = over({ a: '{"n":1}' });
  expect(await draft.get('a')).toEqual({ n: 1 });
  draft.put('a', { n: 2 });
  expect(await draft.get('a')).toEqual({ n: 2 });
});

test('a key that was not read cannot be written', async () => {
  const draft = over({});
  expect(() => draft.put('a', {})).toThrow('without being read');
  await draft.get('a');
  expect(() => draft.branch().put('a', {})).not.toThrow();
});

test('a branch leaves no trace until it is merged', async () => {
  const draft = over({ a: '{"n":1}' });
  const branch = draft.branch();
  await branch.get('a');
  branch.put('a', { n: 2 });
  expect(draft.writes()).toEqual([]);
  draft.merge(branch);
  expect(draft.writes()).toEqual([['a', '{"n":2}']]);
});

test('writes come in the order of keys, as canonical JSON', async () => {
  const draft = over({});
  for (const key of ['b', 'a']) await draft.get(key);
  draft.put('b', { z: 1, a: 2 });
  draft.put('a', {});
  expect(draft.writes()).toEqual([
    ['a', '{}'],
    ['b', '{"a":2,"z":1}'],
  ]);
});
