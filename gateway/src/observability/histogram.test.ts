import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHistogram } from './histogram.ts';
import { createPerSecond } from './per-second.ts';

describe('the histogram', () => {
  it('gives percentiles that are right to one bucket', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.2, max: 500_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (all) => {
          const histogram = createHistogram();
          for (const value of all) histogram.record(value);
          const sorted = all.toSorted((a, b) => a - b);
          const exact = sorted[Math.ceil(0.99 * all.length) - 1] ?? 0;
          const { p99Ms, count } = histogram.summary();
          expect(count).toBe(all.length);
          expect(p99Ms).toBeGreaterThanOrEqual(exact - 0.01);
          expect(p99Ms).toBeLessThanOrEqual(exact * 1.21 + 0.01);
        },
      ),
    );
  });

  it('takes nonsense as zero and stays empty until it hears something', () => {
    const histogram = createHistogram();
    expect(histogram.summary()).toMatchObject({ count: 0, p99Ms: 0, buckets: [] });
    for (const value of [Number.NaN, -5, Number.POSITIVE_INFINITY]) histogram.record(value);
    expect(histogram.summary()).toMatchObject({ count: 3, maxMs: 0 });
  });
});

describe('the counter per second', () => {
  it('forgets what is older than its ring', () => {
    const rate = createPerSecond(3);
    rate.add(1_500);
    rate.add(3_000, 2);
    expect(rate.series(4_000)).toEqual([1, 0, 2]);
    expect(rate.series(60_000)).toEqual([0, 0, 0]);
  });
});
