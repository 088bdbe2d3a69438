import fc from 'fast-check';
import { expect, it } from 'vitest';
import { delayMs, RECONNECT } from './backoff.ts';

it('waits between half of the doubled time and all of it, and never above the bound', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, chance) => {
      const full = Math.min(RECONNECT.maxMs, RECONNECT.firstMs * 2 ** attempt);
      const waited = delayMs(RECONNECT, attempt, chance);
      expect(waited).toBeGreaterThanOrEqual(full / 2);
      expect(waited).toBeLessThanOrEqual(full);
    }),
  );
});
