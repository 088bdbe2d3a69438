import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VoucherId } from '../ids.ts';
import { emptyWindow, type MeterWindow, tagOf, takenAt, takeSeq, WINDOW_SIZE } from './window.ts';

const idOf = (seq: number) => seq.toString(16).padStart(32, '0').split('').reverse().join('') as VoucherId;

/** What a window must say, kept as a plain map of every seq ever taken. */
const takeAll = (taken: readonly { readonly seq: number; readonly voided: boolean }[]) => {
  const all = new Map<number, boolean>();
  let window: MeterWindow = emptyWindow();
  for (const { seq, voided } of taken) {
    if (all.has(seq) || seq + WINDOW_SIZE <= window.hi) continue;
    window = takeSeq(window, { seq, voucherId: idOf(seq), voided });
    all.set(seq, voided);
  }
  return { window, all };
};

test('a window remembers what was taken within 64 of its highest seq, and nothing else', () => {
  const taken = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 300 }), voided: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(taken, (sequence) => {
      const { window, all } = takeAll(sequence);
      expect(window.hi).toBe(Math.max(0, ...all.keys()));
      for (let seq = 0; seq <= 400; seq++) {
        const voided = seq + WINDOW_SIZE > window.hi ? all.get(seq) : undefined;
        expect(takenAt(window, seq)).toEqual(
          voided === undefined ? undefined : { tag: tagOf(idOf(seq)), voided },
        );
      }
    }),
  );
});

test('voided bits are used bits, tags stand exactly where bits do, and 64 bits hold them all', () => {
  const taken = fc.array(fc.record({ seq: fc.integer({ min: 1, max: 200 }), voided: fc.boolean() }), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(taken, (sequence) => {
      const { window } = takeAll(sequence);
      expect(window.voided & ~window.used).toBe(0n);
      expect(BigInt.asUintN(64, window.used)).toBe(window.used);
      const bits = window.used.toString(2).replaceAll('0', '').length;
      expect(window.tags.filter((tag) => tag !== undefined)).toHaveLength(bits);
      expect(window.tags).toHaveLength(WINDOW_SIZE);
    }),
  );
});

test('nothing wraps at the last seq', () => {
  const top = 0xffff_ffff;
  const window = takeSeq(emptyWindow(), { seq: top, voucherId: idOf(1), voided: false });
  expect(window.used).toBe(1n);
  expect(takenAt(window, top)).toBeDefined();
  expect(
    takenAt(takeSeq(window, { seq: top - 63, voucherId: idOf(2), voided: true }), top - 63)?.voided,
  ).toBe(true);
});
