import { expect, it } from 'vitest';
import { readinessOf } from './readiness.ts';

const well = { ledger: 'open', listening: true, stopping: false } as const;

it('is ready when nothing speaks against it', () => {
  expect(readinessOf(well)).toEqual({ state: 'ready', reasons: [] });
  expect(readinessOf({ ...well, quarantine: { restored: { waiting: { meters: 0, of: 9 } } } }).state).toBe(
    'ready',
  );
});

it('is degraded while the ledger is away, and says what an operator can do about it', () => {
  const clockOff = readinessOf({ ...well, ledger: 'failed', ledgerCause: 'CLOCK_OFF' });
  expect([clockOff.state, clockOff.reasons[0]?.code]).toEqual(['degraded', 'CLOCK_OFF']);
  expect(clockOff.reasons[0]?.message).toMatch(/clocks.*too far apart.*Set the clock/);
  const away = readinessOf({ ...well, ledger: 'failed' });
  expect(away.reasons[0]).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
});

it('is degraded, not dead, while meters are in the quarantine of a restore, and says how many', () => {
  const quarantine = { restored: { fromBlock: 41, waiting: { meters: 3, of: 9 } } };
  const { state, reasons } = readinessOf({ ...well, quarantine });
  expect([state, reasons[0]?.code]).toEqual(['degraded', 'QUARANTINED']);
  expect(reasons[0]?.message).toContain('3 of 9 meters');
  expect(reasons[0]?.message).toContain('block 41');
});

it('names the meter that showed another copy of the ledger, and what to do', () => {
  const halted = { what: 'conflict', meterId: '4711', txId: 'ab' } as const;
  const { state, reasons } = readinessOf({ ...well, quarantine: { halted } });
  expect([state, reasons[0]?.code]).toEqual(['degraded', 'LEDGER_HALTED']);
  expect(reasons[0]?.message).toMatch(/4711.*tapwatt ledger resume/);
});

it('is not ready while its external broker cannot be reached, and says which', () => {
  const { state, reasons } = readinessOf({ ...well, brokerAway: 'mqtts://broker.example:8883' });
  expect([state, reasons[0]?.part]).toEqual(['not-ready', 'broker']);
  expect(reasons[0]?.message).toContain('mqtts://broker.example:8883');
});

it('is degraded while meters that the configuration names do not answer on their line, and names them', () => {
  const line = { device: '/dev/ttyUSB0', state: 'open', meters: [] } as const;
  const silent = [{ address: 3, meterId: '4711' }, { address: 4 }];
  const { state, reasons } = readinessOf({ ...well, serial: { lines: [{ ...line, silent }] } });
  expect([state, reasons[0]?.code]).toEqual(['degraded', 'METER_SILENT']);
  expect(reasons[0]?.message).toMatch(/ttyUSB0 from address 3 \(meter 4711\), address 4\./);
  const many = Array.from({ length: 40 }, (_, index) => ({ address: index + 1 }));
  const [first] = readinessOf({ ...well, serial: { lines: [{ ...line, silent: many }] } }).reasons;
  expect(first?.message).toContain('address 8 and 32 more');
  expect(readinessOf({ ...well, serial: { lines: [{ ...line, silent: [] }] } }).state).toBe('ready');
});
