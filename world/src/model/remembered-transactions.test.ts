import { expect, test } from 'vitest';
import { runOn } from './books.ts';
import { boundNamed } from './bound.ts';
import { foundTown } from './founding.ts';
import { issueAsked } from './proposals.ts';

test('a transaction asked again over books in which what it reads is the same writes the same; over others it is run anew', async () => {
  const bound = boundNamed('small');
  const { books } = await foundTown(bound);
  const [first, second] = bound.requests;
  if (first === undefined || second === undefined) throw new Error('the bound has two requests');
  const asked = await issueAsked(books, first);
  const issued = await runOn(books, asked);
  expect(await runOn(new Map(books).set('unread', '1'), asked)).toEqual(new Map(issued).set('unread', '1'));
  // Its seq is taken now by itself, which the rules answer without writing; for another request they refuse it.
  const late = await issueAsked(books, second);
  expect(issued === undefined ? 'refused' : await runOn(issued, late)).not.toEqual(await runOn(books, late));
});
