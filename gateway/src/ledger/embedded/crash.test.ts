import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LedgerRejected, OutcomeUnknown } from '../errors.ts';
import { SimulatedDisk, type SyncFault } from './simulated-disk.ts';
import { ManualScheduler, turns } from './testing/manual-scheduler.ts';
import { counters, openTestLedger, txIdNumber } from './testing/test-ledger.ts';

type Answer = { readonly value: unknown } | { readonly error: unknown };

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('add'), amount: fc.integer({ min: -9, max: 9 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('turns') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen') }) },
);

const fault: fc.Arbitrary<SyncFault> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'none' } as const) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      kept: fc.boolean(),
      code: fc.constantFrom('LEDGER_UNAVAILABLE' as const, 'DISK_FULL' as const),
    }),
  },
);

/** Everything that callers were told, over crashes and failures of the disk. */
const live = async (steps: readonly { kind: string; amount?: number }[], faults: readonly SyncFault[]) => {
  const place = new SimulatedDisk();
  const scheduler = new ManualScheduler();
  const answers = new Map<string, Answer>();
  const open = () => openTestLedger({ place, scheduler });
  let ledger = await open();
  let next = 0;
  place.onSync = async (write) => {
    await scheduler.turn();
    return faults[write % faults.length] ?? { kind: 'none' };
  };
  for (const { kind, amount = 0 } of steps) {
    if (kind === 'add') {
      const txId = txIdNumber(++next);
      counters(ledger)
        .add('a', amount, { txId })
        .then(
          (value) => answers.set(txId, { value }),
          (error: unknown) => answers.set(txId, { error }),
        );
    } else if (kind === 'turns') await turns();
    else if (kind === 'reopen') await scheduler.fire();
    else {
      place.crash();
      await ledger.close();
      ledger = await open();
    }
  }
  await turns();
  place.onSync = async () => ({ kind: 'none' });
  for (let attempt = 0; attempt < 3; attempt++) await scheduler.fire();
  return { ledger, answers, submitted: next };
};

describe('over crashes and failing writes', () => {
  it('keeps every acknowledged transaction, nothing of the others, and a chain that verifies', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 40 }),
        fc.array(fault, { minLength: 1, maxLength: 12 }),
        async (steps, faults) => {
          const { ledger, answers, submitted } = await live(steps, faults);
          const auditor = ledger.as({ partyId: 'x', role: 'auditor' });
          expect(answers.size).toBe(submitted);
          for (const [txId, answer] of answers) {
            const stored = await auditor.lookup(txId);
            if ('value' in answer) expect(stored).toEqual(answer.value);
            else if (!(answer.error instanceof OutcomeUnknown)) expect(stored).toBeUndefined();
            if ('error' in answer && answer.error instanceof LedgerRejected) {
              expect(answer.error.code).toBe('INSUFFICIENT_FUNDS');
            }
          }
          const { ok, finding } = await ledger.verify();
          expect({ ok, finding }).toEqual({ ok: true, finding: undefined });
          await ledger.close();
        },
      ),
      { numRuns: 100 },
    );
  });
});
