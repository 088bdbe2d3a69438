import { describe, expect, it } from 'vitest';
import type { FaultKind } from '../faults/kinds.ts';
import { planOf } from '../faults/plan.ts';
import type { Crew } from './crew.ts';
import type { WorldRequest } from './protocol.ts';
import { shrink } from './shrink.ts';

const SEED = 1;
const plan = planOf(SEED, { ledger: 'embedded' });
const [culprit, ...others] = [...plan.faults.keys()];
const LONG_ENOUGH_MS = 100_000;

/** Worlds that break I2 if the culprit is among their faults for long enough, and I5 without it. */
const crew = (asked: WorldRequest[]): Crew => ({
  async run(request) {
    asked.push(request);
    const { faults, troubledMs } = planOf(request.seed, request);
    const isBroken = faults.has(culprit as FaultKind) && troubledMs >= LONG_ENOUGH_MS;
    const empty = { seed: SEED, pid: 1, hash: '', events: 0, simulatedMs: 0, darkMs: 0, faults: {} };
    return { ...empty, crashPoints: {}, work: {}, violations: [isBroken ? 'I2: broken' : 'I5: other'] };
  },
  close: () => undefined,
});

describe('shrinking a failed world', () => {
  it('leaves out every kind of fault and all time that the violation does not need', async () => {
    const asked: WorldRequest[] = [];
    const failed = await crew([]).run({ seed: SEED, ledger: 'embedded' });
    const from = { seed: SEED, ledger: 'embedded' } as const;
    const found = await shrink(crew(asked), { result: failed, from }, { isTimeUp: () => false });
    expect(others.length).toBeGreaterThan(3);
    expect(found.only).toEqual([culprit]);
    expect(found.troubledMs).toBeGreaterThanOrEqual(LONG_ENOUGH_MS);
    expect(found.troubledMs).toBeLessThan(LONG_ENOUGH_MS + 15_000);
    expect(asked.length).toBeLessThan(60);
  });

  it('ends with the smallest found so far when its time is up', async () => {
    const asked: WorldRequest[] = [];
    const from = { seed: SEED, ledger: 'embedded' } as const;
    const failed = await crew([]).run(from);
    const found = await shrink(crew(asked), { result: failed, from }, { isTimeUp: () => asked.length === 1 });
    expect(asked.length).toBe(1);
    expect(found.troubledMs).toBeLessThan(plan.troubledMs);
  });
});
