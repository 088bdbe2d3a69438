import { expect, it } from 'vitest';
import { roleOf } from './reader-roles.ts';

const ACR = 'ACS ACR122U PICC Interface 00 00';
const config = (meterReaders: readonly string[], counterReaders: readonly string[] = []) => ({
  ...{ enabled: true, meterReaders, counterReaders },
});

it.each([
  [['*'], ACR, true],
  [[ACR], ACR, true],
  [['ACS*'], ACR, true],
  [['*00 00'], ACR, true],
  [['ACS*PICC*00'], ACR, true],
  [['*ACR122U*'], ACR, true],
  [['ACS'], ACR, false],
  [['*01 00'], ACR, false],
  [['ACS*ACS*'], ACR, false],
  [['a*a'], 'a', false],
  [['a*b*b'], 'ab', false],
  [[], ACR, false],
])('names of readers %j match %s: %s', (patterns, name, isMatched) => {
  expect(roleOf(name, config(patterns))).toBe(isMatched ? 'meter' : undefined);
});

it('looks at the counter’s names first', () => {
  expect(roleOf(ACR, config(['*'], ['ACS*']))).toBe('counter');
  expect(roleOf('another', config(['*'], ['ACS*']))).toBe('meter');
});

it('takes no time over a name of many stars', () => {
  expect(roleOf('a'.repeat(256), config([`${'*a'.repeat(120)}b`]))).toBeUndefined();
});
