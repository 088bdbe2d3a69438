import { TapwattError } from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import { createConfirmation, onceConfirmed } from './confirmation.ts';
import { LedgerUnavailable } from './errors.ts';
import type { Ledger } from './ledger.ts';

const wrong = new TapwattError('CONFIG_INVALID', 'another ledger');

/** A ledger whose checks come to what the test says, one after another. */
function checked(...outcomes: readonly ('right' | Error)[]) {
  const left = [...outcomes];
  const told: unknown[] = [];
  let [checks, asked] = [0, 0];
  const confirmation = createConfirmation(
    async () => {
      checks += 1;
      const outcome = left.shift() ?? new Error('checked too often');
      if (outcome !== 'right') throw outcome;
    },
    (error) => told.push(error),
  );
  const ledger = {
    evaluate: async () => {
      asked += 1;
      return null;
    },
  } as unknown as Ledger;
  const counts = () => ({ checks, asked, told });
  return { confirmation, counts, ledger: onceConfirmed(ledger, confirmation) };
}

const ask = (ledger: Ledger) => ledger.evaluate('GetLedger', {});

it('is checked once, whoever asks how often', async () => {
  const { ledger, counts } = checked('right');
  await Promise.all([ask(ledger), ask(ledger)]);
  await ask(ledger);
  expect(counts()).toEqual({ checks: 1, asked: 3, told: [] });
});

it('is checked again after it was away, and asked nothing before', async () => {
  const { ledger, counts } = checked(new LedgerUnavailable('away'), 'right');
  await expect(ask(ledger)).rejects.toThrow('away');
  expect(counts()).toMatchObject({ checks: 1, asked: 0 });
  await ask(ledger);
  expect(counts()).toEqual({ checks: 2, asked: 1, told: [] });
});

it('is asked nothing once it was found to be another one, and whoever must know hears of it', async () => {
  const { ledger, confirmation, counts } = checked(wrong);
  await expect(confirmation.confirm()).rejects.toBe(wrong);
  await expect(ask(ledger)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE', cause: wrong });
  expect(counts()).toEqual({ checks: 1, asked: 0, told: [wrong] });
});
