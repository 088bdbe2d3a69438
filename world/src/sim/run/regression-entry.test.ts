import { expect, it } from 'vitest';
import { planOf } from '../faults/plan.ts';
import { regressionEntry } from './regression-entry.ts';

it('is an entry for regressions.ts that makes the same world, with its ledger named', () => {
  expect(regressionEntry({ seed: 7066 })).toBe(
    "  {\n    about: '…',\n    world: { seed: 7066, ledger: 'embedded' },\n  },",
  );
  expect(planOf(7066, { ledger: 'embedded' })).toEqual(planOf(7066));
  const limited = { seed: 3, only: ['partition', 'slow-node'], ledger: 'fabric-model', gateways: 2 } as const;
  expect(regressionEntry(limited)).toContain(
    "world: { seed: 3, only: ['partition', 'slow-node'], ledger: 'fabric-model', gateways: 2 },",
  );
});
