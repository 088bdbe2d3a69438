import { expect, test } from 'vitest';
import { inPlace } from './report-place.ts';

test('the text comes where the last one was, and all else stays', () => {
  const document = 'a\n<!-- one -->\n\nold\n\n<!-- end -->\nb\n<!-- two -->\n<!-- end -->\n';
  const after = inPlace(inPlace(document, 'one', 'new'), 'two', 'more');
  expect(after).toBe('a\n<!-- one -->\n\nnew\n\n<!-- end -->\nb\n<!-- two -->\n\nmore\n\n<!-- end -->\n');
  expect(inPlace(inPlace(document, 'two', 'more'), 'one', 'new')).toBe(after);
});

test('a document without the place is left alone', () => {
  expect(() => inPlace('a\n<!-- end -->\n', 'one', 'new')).toThrow('no <!-- one -->');
});
