import { describe, expect, it } from 'vitest';
import type { SeedResult } from '../run-seed.ts';
import { reportOf } from './report.ts';
import { Totals } from './totals.ts';

const result: SeedResult = {
  ...{ seed: 7, hash: 'ab', events: 3, simulatedMs: 3_600_000, darkMs: 0 },
  ...{ violations: [], faults: { partition: 2 }, crashPoints: { 'after login': 5 }, work: { credits: 4 } },
};

const report = (): string => {
  const totals = new Totals();
  totals.add(result);
  totals.same(result);
  const seen = {
    mutation: 'one-slot',
    ...{ safeguard: 'Two slots.', why: 'One is enough.', seconds: 1 },
    caught: { ...result, violations: ['I2: a|b'] },
  };
  const missed = { mutation: 'harmless', safeguard: 'None.', why: 'Nothing changes.', seconds: 1 };
  const hunted = [
    { ...seen, seeds: 1 },
    { ...missed, seeds: 200 },
  ];
  return reportOf({ totals, seconds: 1, hunted, baseSeed: 7, ran: 'commit c0ffee' });
};

describe('the report', () => {
  it('gives for each planted bug the command that shows it, or says that no world saw it', () => {
    expect(report()).toContain('`npm run world -- --seed 7 --mutation one-slot` | I2: a\\|b | 1 |');
    expect(report()).toContain('| `harmless` | None. | Nothing changes. | **not seen** |  | 200 |');
  });

  it('counts faults, crashes and seeds that were run twice', () => {
    for (const row of [
      '| partition | 2 |',
      '| after login | 5 |',
      '| credits | 4 |',
      'equal hashes | 1 | 50 |',
    ])
      expect(report()).toContain(row);
  });
});
