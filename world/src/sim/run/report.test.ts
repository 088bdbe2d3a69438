import { describe, expect, it } from 'vitest';
import type { SeedResult } from '../run-seed.ts';
import { reportOf } from './report.ts';
import { Totals } from './totals.ts';

const DAY_MS = 24 * 3_600_000;

const result: SeedResult = {
  ...{ seed: 7, hash: 'ab', events: 3, simulatedMs: 3 * DAY_MS, darkMs: 2 * DAY_MS },
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
    { ...seen, freshSeeds: 1 },
    { ...missed, freshSeeds: 200 },
  ];
  const options = { baseSeed: 7, twice: 50, limits: {} };
  return reportOf({ totals, seconds: 1, hunted, options, ran: 'commit c0ffee' });
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

  it('lists a crash point at which nothing was killed as 0, and says that the least is 0', () => {
    expect(report()).toContain('| before login | 0 |');
    expect(report()).toMatch(/\| crash points \| \d+, each at least 0 times \|/);
  });

  it('tells time with power from time without', () => {
    expect(report()).toContain('| simulated time with power | 1.00 days |');
    expect(report()).toMatch(/\| simulated time without power[^|]*\| 2.00 days \|/);
  });

  it('names the commands that give the same rows on any machine', () => {
    expect(report()).toContain('    npm run world -- --seeds 1 --base-seed 7 --twice 1\n');
    expect(report()).toContain('    npm run world -- --mutations --fresh --base-seed 7\n');
  });
});
