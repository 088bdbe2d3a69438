import type { SeedOptions } from './run-seed.ts';

/** A world that once broke a rule, and what was wrong then. */
export interface Regression {
  readonly about: string;
  readonly world: Omit<SeedOptions, 'onTrace'>;
}

/**
 * Seeds that failed for a fault of production's, kept for ever. What world a seed makes changes with the code: each of
 * them is tested beside the code that was mended, too.
 */
export const REGRESSIONS: readonly Regression[] = [
  {
    about: 'a voucher redeemed two key epochs ago was told to be refused, because the ledger was away',
    world: { seed: 5001, ledger: 'fabric-model', gateways: 1 },
  },
  {
    about: 'a status that was late at the slower of two gateways was taken for a register that fell',
    world: { seed: 107, ledger: 'fabric-model', gateways: 2 },
  },
  {
    about:
      'a request that had issued a voucher was told to be refused, because its handset was suspended later',
    world: { seed: 3017, ledger: 'fabric-model', gateways: 2 },
  },
];
