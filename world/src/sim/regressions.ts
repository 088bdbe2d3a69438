import type { SeedOptions } from './run-seed.ts';

/** A world that once broke a rule, and what was wrong then. */
export interface Regression {
  readonly about: string;
  readonly world: Omit<SeedOptions, 'onTrace'>;
}

/**
 * Seeds that failed, kept for ever: for a fault of production's, or of what plays its people and judges it. What world a
 * seed makes changes with the code: production's faults are tested beside the code that was mended, too.
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
  {
    about: 'what another copy sold in a key epoch was missing from the books when that epoch ended',
    world: { seed: 7066, ledger: 'embedded' },
  },
  {
    about:
      'a remainder found at the end of an epoch was more than the register last seen, so that the audit called it too much',
    world: { seed: 3074, ledger: 'embedded' },
  },
  {
    about:
      'after two restores in a row a voucher stayed CANCELLING, whose epoch its meter had left behind, and nobody released it',
    world: { seed: 2, ledger: 'embedded' },
  },
  {
    about: 'after a restore the checker expected proofs of a board that was replaced, and went with it',
    world: { seed: 187, ledger: 'embedded' },
  },
  {
    about:
      'a refund without proof, heard of after a courier had brought the proof of its credit, was judged to be untrue',
    world: { seed: 524, ledger: 'embedded' },
  },
  {
    about: 'a receipt that a courier brought before an earlier status made the register seem to have fallen',
    world: { seed: 35, ledger: 'embedded' },
  },
  {
    about:
      'a gateway whose clock was set back by years presented nothing again that its meter had not answered',
    world: { seed: 102 },
  },
];
