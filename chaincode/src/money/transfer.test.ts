import { expect, test } from 'vitest';
import { Draft } from '../state/draft.ts';
import type { Work } from '../work.ts';
import { transfer } from './transfer.ts';

const WALLET = { walletId: 'w', agentId: 'a', balance: '100', state: 'open', txId: 'before', entries: [] };

const work = (): Work => ({
  draft: Draft.over({ get: (key) => (key === 'ACC~w' ? JSON.stringify(WALLET) : undefined) }),
  txId: 'tx',
  submitter: { partyId: 'gateway', role: 'gateway' },
  alarms: [],
});

const issue = { kind: 'issue', debit: 'wallet.w', credit: 'hold', ref: 'v' } as const;

test('what is debited on one side is credited on the other', async () => {
  const some = work();
  await transfer(some, { ...issue, amount: 30n });
  await transfer(some, { ...issue, amount: 20n });
  expect(some.draft.writes().map(([key, value]) => [key, JSON.parse(value)])).toMatchObject([
    ['ACC~w', { balance: '50', entries: [{ debit: '30' }, { debit: '20' }] }],
    ['POST~hold~tx~0', { entries: [{ kind: 'issue', debit: '0', credit: '50', count: 2 }] }],
  ]);
});

test('a wallet never falls below zero', async () => {
  await expect(transfer(work(), { ...issue, amount: 101n })).rejects.toMatchObject({
    code: 'INSUFFICIENT_FUNDS',
  });
});

test('nothing, less than nothing, or from an account to itself is no transfer', async () => {
  await expect(transfer(work(), { ...issue, amount: 0n })).rejects.toThrow('no transfer');
  await expect(transfer(work(), { ...issue, amount: -5n })).rejects.toThrow('no transfer');
  await expect(transfer(work(), { ...issue, debit: 'hold', amount: 5n })).rejects.toThrow('no transfer');
});
