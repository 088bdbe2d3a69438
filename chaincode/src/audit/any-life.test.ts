import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chaos, type Step } from '../testing/chaos.ts';

const pick = fc.nat({ max: 30 });
const meterId = fc.constantFrom('1', '2');
const picking = fc.constantFrom(
  'buy-again',
  'credit',
  'credit',
  'void',
  'cancel',
  'release',
  'settle',
  'settle-many',
);
const aboutEpochs = fc.constantFrom('order', 'show-order', 'withdraw', 'restored-issuer', 'read', 'read');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('buy'), meterId, amount: fc.integer({ min: 1, max: 9000 }) }),
  },
  { weight: 8, arbitrary: fc.record({ do: picking, pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('lie'), pick, opening: fc.nat({ max: 255 }) }) },
  { weight: 3, arbitrary: fc.record({ do: aboutEpochs, meterId }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resume'), quarantine: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore') }) },
);

test('in any life the books balance after each step, and a voucher is credited once or never', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), async (steps) => {
      const chaos = await Chaos.begin();
      for (const one of steps) {
        await chaos.take(one);
        const violations = await chaos.town.violations();
        // I2 compares with the meter's register, which may be ahead of the receipts that have come in.
        expect(violations.filter(({ invariant }) => invariant !== 'I2')).toEqual([]);
      }
      await chaos.settleEverything();
      expect(await chaos.town.violations()).toEqual([]);
      for (const { voucherId, status } of await chaos.vouchers()) {
        if (chaos.credited.has(voucherId)) expect(status).toBe('REDEEMED');
        if (status === 'REDEEMED') expect(chaos.credited).toContain(voucherId);
        if (status === 'VOIDED') expect(chaos.credited).not.toContain(voucherId);
        if (chaos.voided.has(voucherId)) expect(['VOIDED', 'RELEASED']).toContain(status);
      }
    }),
    { numRuns: 20 },
  );
}, 60_000);
