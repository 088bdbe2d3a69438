import { TapwattError } from '@tapwatt/firmware-contracts';
import { expect, it } from 'vitest';
import { watchLedger } from './ledger-watch.ts';

it('a failing ledger is logged once for each reason, with its code, and once when it is back', () => {
  const lines: string[] = [];
  const say = (level: string) => (fields: unknown) =>
    void lines.push(`${level} ${typeof fields === 'string' ? fields : (fields as { code: string }).code}`);
  const watch = watchLedger({ info: say('info'), warn: say('warn'), error: say('error') } as never);
  watch.onCondition('open');
  for (let attempt = 0; attempt < 3; attempt += 1) watch.onCondition('failed', new TapwattError('DISK_FULL'));
  expect(watch.cause).toBe('DISK_FULL');
  watch.onCondition('failed', new Error('else'));
  expect(watch.cause).toBe('LEDGER_UNAVAILABLE');
  watch.onCondition('open');
  expect(watch.cause).toBeUndefined();
  watch.onCondition('damaged', new TapwattError('DATA_DAMAGED'));
  expect(lines).toEqual([
    'warn DISK_FULL',
    'warn LEDGER_UNAVAILABLE',
    'info the ledger is open again',
    'error DATA_DAMAGED',
  ]);
});
