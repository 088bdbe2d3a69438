import { expect, it } from 'vitest';
import { isUnknownMeter } from './is-unknown-meter.ts';
import { LedgerUnavailable } from './ledger/errors.ts';
import { foreignMetersOf } from './links/serial/serial-config.ts';

const line = { device: '/dev/a', baudRate: 9_600, pollIntervalMs: 1_000, searchTo: 32 };
const at = (address: string, meterId: string) => [{ address, meterId, utcOffsetMinutes: 0 }];
const foreignMeters = foreignMetersOf([
  { ...line, protocol: 'iec62056', meters: at('', '900001') },
  { ...line, protocol: 'tapwatt', meters: at('1', '7') },
]);

it('takes a meter of another maker for known, and one on a line of ours only when the ledger knows it', async () => {
  const ledger = { evaluate: async () => null };
  expect(await isUnknownMeter({ ledger, foreignMeters }, '900001')).toBe(false);
  expect(await isUnknownMeter({ ledger, foreignMeters }, '7')).toBe(true);
});

it('calls no meter unknown while the ledger is away', async () => {
  const evaluate = async (): Promise<never> => {
    throw new LedgerUnavailable('away');
  };
  expect(await isUnknownMeter({ ledger: { evaluate }, foreignMeters }, '7')).toBe(false);
});
