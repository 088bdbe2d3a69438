import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Backoff, delayMs } from './backoff.ts';

const BACKOFF: Backoff = { firstMs: 250, maxMs: 30_000 };

it('waits between half of the doubled time and all of it, and never above the bound', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, chance) => {
      const full = Math.min(BACKOFF.maxMs, BACKOFF.firstMs * 2 ** attempt);
      const waited = delayMs(BACKOFF, attempt, chance);
      expect(waited).toBeGreaterThanOrEqual(full / 2);
      expect(waited).toBeLessThanOrEqual(full);
    }),
  );
});
