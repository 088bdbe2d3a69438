import { beforeEach, expect, it } from 'vitest';
import { planOf } from '../faults/plan.ts';
import { chanceOf } from '../kernel/chance.ts';
import { Tally } from '../kernel/tally.ts';
import { Trace } from '../kernel/trace.ts';
import { VirtualTime } from '../kernel/virtual-time.ts';
import { Network } from '../network/network.ts';
import { TroubledWorld } from '../world.ts';
import { Rights } from './rights.ts';

let world: TroubledWorld;
let rights: Rights;
beforeEach(() => {
  const time = new VirtualTime(0);
  const network = new Network(time, chanceOf(1, 'network'));
  world = new TroubledWorld({ time, tally: new Tally(), plan: planOf(1), network, trace: new Trace(time) });
  rights = new Rights(world);
  rights.committed([
    ['PTY~discom', { id: 'discom', role: 'discom', suspended: false }],
    ['PTY~bank', { id: 'bank', role: 'bank', suspended: false }],
    ['PTY~agency', { id: 'agency', role: 'agency', suspended: false }],
    ['PTY~agent', { id: 'agent', role: 'agent', agencyId: 'agency', suspended: false }],
    ['PTY~phone', { id: 'phone', role: 'handset', agentId: 'agent', suspended: false }],
    ['ACC~wallet', { walletId: 'wallet', agentId: 'agent', state: 'open' }],
    ['ACC~other', { walletId: 'other', agentId: 'another', state: 'open' }],
    ['MTR~1', { meterId: '1', closed: false, suspended: false }],
    ['LDG~ledger', { ledgerId: 'l' }],
  ]);
});

const sale = (change: object = {}) =>
  [
    'VCH~v1',
    { voucherId: 'v1', kid: 'phone', agentId: 'agent', walletId: 'wallet', meterId: '1', ...change },
  ] as const;
const found = (): string[] =>
  world.violations.map((violation) => violation.replace('rights: v1 was sold ', ''));

it('lets a handset buy for its meter from the wallet of its agent', () => {
  rights.committed([sale()]);
  expect(world.violations).toEqual([]);
});

it.each([
  ['PTY~phone', { agentId: 'agent', suspended: true }, 'to phone, which is suspended'],
  ['PTY~agent', { agencyId: 'agency', suspended: true }, 'for agent, who is suspended'],
  ['PTY~phone', { agentId: 'another', suspended: false }, 'to phone for agent'],
  ['ACC~wallet', { agentId: 'another', state: 'open' }, 'from wallet, which is another’s'],
  ['ACC~wallet', { agentId: 'agent', state: 'frozen' }, 'from wallet, which is not open'],
  ['MTR~1', { closed: true, suspended: false }, 'for meter 1, which is closed'],
  ['MTR~1', { closed: false, suspended: true }, 'for meter 1, which is suspended'],
  ['MTR~1', { closed: false, suspended: false, quarantine: 'locked' }, 'for meter 1, which is quarantined'],
  ['MTR~1', { closed: false, suspended: false, order: {} }, 'for meter 1, whose epoch ends'],
  ['LDG~ledger', { restores: 1 }, 'for meter 1, which was not cleared'],
  ['LDG~ledger', { halted: { what: 'conflict' } }, 'while the ledger was halted'],
])('sees a sale that must not be: %s %j', (key, record, what) => {
  rights.committed([[key, record]]);
  rights.committed([sale()]);
  expect(found()).toEqual([what]);
});

it('takes no side where the same commit may have lifted what forbids a sale before it', () => {
  rights.committed([['MTR~1', { closed: false, suspended: true }]]);
  rights.committed([sale(), ['MTR~1', { closed: false, suspended: false }]]);
  expect(world.violations).toEqual([]);
});

it('wants two people, and the right ones, where money moves without proof', () => {
  const orphan = (recoveredBy: string) =>
    [
      'ORP~1~o',
      {
        voucherId: 'o',
        status: 'RECOVERED',
        amount: '5',
        recoveredBy,
        proposal: { by: 'discom', amount: '5' },
      },
    ] as const;
  rights.committed([orphan('bank')]);
  expect(world.violations).toEqual([]);
  rights.committed([orphan('discom')]);
  rights.committed([sale({ release: { by: 'bank' }, cancel: {} })]);
  expect(world.violations).toEqual([
    'rights: orphan o was booked by discom alone',
    'rights: bank released v1, being bank',
  ]);
});

it('wants a bank for each deposit, and a reference once', () => {
  const deposit = (depositId: string, confirmedBy: string) =>
    [`DEP~${depositId}`, { depositId, status: 'CONFIRMED', utr: 'u', confirmedBy }] as const;
  rights.committed([deposit('d1', 'bank')]);
  rights.committed([deposit('d2', 'bank')]);
  rights.committed([deposit('d3', 'agency')]);
  expect(world.violations).toEqual([
    'rights: u was paid in twice, for d1 and d2',
    'rights: agency confirmed d3, being agency',
  ]);
});

it('sees a liar’s request carried out', () => {
  rights.committed([['REQ~phone~forged-1', { op: 'issue', refused: { code: 'FORBIDDEN' } }]]);
  rights.committed([['REQ~phone~forged-2', { op: 'issue', voucherId: 'v' }]]);
  expect(world.violations).toEqual(['rights: a forged issue of phone was carried out: forged-2']);
});
