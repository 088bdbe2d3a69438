import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VirtualTime } from './virtual-time.ts';

const runAll = (time: VirtualTime): void => {
  for (let run = time.next(Number.POSITIVE_INFINITY); run !== undefined; ) {
    run();
    run = time.next(Number.POSITIVE_INFINITY);
  }
};

describe('virtual time', () => {
  it('runs timers in the order of their moments, and of their setting within one moment', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 60 }), (delays) => {
        const time = new VirtualTime(0);
        const ran: (readonly [number, number])[] = [];
        for (const [index, delay] of delays.entries()) time.after(delay, () => ran.push([delay, index]));
        runAll(time);
        const inOrder = delays.map((delay, index) => [delay, index] as const);
        expect(ran).toEqual(inOrder.sort(([a, i], [b, j]) => a - b || i - j));
      }),
    );
  });

  it('never runs what was taken back, and counts what still waits', () => {
    const time = new VirtualTime(0);
    const ran: string[] = [];
    const takeBack = time.after(5, () => ran.push('taken back'));
    time.after(6, () => ran.push('kept'));
    takeBack();
    takeBack();
    expect(time.pending).toBe(1);
    runAll(time);
    expect([ran, time.pending, time.now()]).toEqual([['kept'], 0, 6]);
  });

  it('stands still until it is asked for what is next, and never goes past the moment asked for', () => {
    const time = new VirtualTime(100);
    time.after(50, () => undefined);
    expect(time.next(149)).toBeUndefined();
    expect(time.now()).toBe(100);
    time.reach(120);
    expect(time.now()).toBe(120);
    expect(time.next(150)).toBeDefined();
    expect(time.now()).toBe(150);
  });
});
