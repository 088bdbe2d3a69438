import { expect, test } from 'vitest';
import { ERRORS } from './errors.ts';
import { RESULT, resultName } from './results.ts';

test('every result has one name, and a byte that is none has none', () => {
  for (const [name, value] of Object.entries(RESULT)) expect(resultName(value)).toBe(name);
  for (const byte of [4, 15, 26, 255]) expect(resultName(byte)).toBeUndefined();
});

test('every refusal of a meter is in the registry of errors under the same name', () => {
  const refusals = Object.entries(RESULT).filter(([, value]) => value >= 16);
  expect(refusals).toHaveLength(10);
  for (const [name] of refusals) expect(ERRORS).toHaveProperty(name);
});
