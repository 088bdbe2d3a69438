import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from './canonical-json.ts';

test('keys are sorted at every depth and nothing is between the tokens', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x y' }], a: true, B: '' })).toBe(
    '{"B":"","a":true,"b":[1,{"c":"x y","d":null}]}',
  );
});

test('members that are undefined are left out', () => {
  expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
});

test.each([[1n], [Number.NaN], [-0], [undefined], [() => 1], [[undefined]]])(
  '%s has no exact JSON',
  (value) => {
    expect(() => canonicalJson({ value: [value] })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
  },
);

test('what is read back is what was written, whatever the order of the keys', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const plain = JSON.parse(JSON.stringify(value));
      expect(JSON.parse(canonicalJson(plain))).toEqual(plain);
    }),
  );
});
