import type { MeterDetail } from '@tapwatt/chaincode';
import { expect, it } from 'vitest';
import { nextStep } from './next-step.ts';

const meter = (change: Partial<MeterDetail>): MeterDetail => ({
  ...{
    meterId: '1',
    keyEpoch: 1,
    nextSeq: 1,
    floorSeq: 1,
    openLimit: 16,
    open: [],
    settled: '0',
    closed: false,
  },
  ...{
    suspended: false,
    quarantined: true,
    orphaned: '0',
    orphans: 0,
    unproven: '0',
    quarantine: 'restored',
  },
  ...change,
});
const open = [{ seq: 1, voucherId: 'ab', keyEpoch: 1, amount: '1', walletId: 'w' }];
const order = { kind: 6, voucherId: 'cd', keyEpoch: 1, issuedAt: 1 } as const;

it.each<[string, Partial<MeterDetail>, string]>([
  ['a meter without quarantine needs nothing', {}, 'cleared'],
  ['an unread one is read', { restored: 'unread' }, 'read'],
  ['one that was read gets a new key', { restored: 'read' }, 'order'],
  ['also where it was found ahead', { restored: 'read', quarantine: 'ledger-behind' }, 'order'],
  ['not before it has answered to its open vouchers', { restored: 'read', open }, 'wait'],
  ['nor while an order is on its way', { restored: 'read', order }, 'wait'],
  ['a meter without memory waits for a person', { restored: 'unread', quarantine: 'locked' }, 'wait'],
  ['so does one whose register fell', { restored: 'read', quarantine: 'register-fell' }, 'wait'],
  ['a closed one is only read', { restored: 'read', closed: true }, 'read'],
])('%s', (_what, change, step) => {
  expect(nextStep(meter(change))).toBe(step);
});
