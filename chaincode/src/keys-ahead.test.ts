import { expect, test } from 'vitest';
import { runTransaction, unsealed } from './index.ts';
import { keysAhead } from './keys-ahead.ts';
import type { TransactionName, TransactionRequest } from './protocol/transactions.ts';
import { Town } from './testing/town.ts';

/** The keys that a transaction of the gateway reads. */
async function readBy<N extends TransactionName>(town: Town, name: N, request: TransactionRequest<N>) {
  const read = new Set<string>();
  const state = {
    get(key: string) {
      read.add(key);
      return town.state.get(key);
    },
    put: () => undefined,
  };
  const submitter = { partyId: 'gateway', role: 'gateway' } as const;
  await runTransaction(name, request, { submitter, txId: 'tx', state });
  return read;
}

const without = (keys: Iterable<string>, others: Iterable<string>): string[] => {
  const left = new Set(keys);
  for (const key of others) left.delete(key);
  return [...left].sort();
};

test('of what settling reads only the submitter is not known ahead', async () => {
  const town = await Town.open();
  const receipt = await town.credit(await town.buy('r1'));
  const request = { items: [{ receipt }] };
  const read = await readBy(town, 'SettleReceipts', request);
  const ahead = keysAhead('SettleReceipts', request, 'tx');
  expect(without(read, ahead)).toEqual(['PTY~gateway']);
  expect(without(ahead, read)).toEqual([]);
});

test('of what issuing reads only parties are not known ahead', async () => {
  const town = await Town.open();
  const request = { items: [await town.proposal({ requestId: 'r1' })] };
  const read = await readBy(town, 'IssueVouchers', request);
  const ahead = keysAhead('IssueVouchers', request, 'tx');
  expect(without(read, ahead)).toEqual(['PTY~agency', 'PTY~agent', 'PTY~gateway']);
  expect(without(ahead, read)).toEqual([]);
});

test('of what an unknown voucher takes only the submitter is not known ahead', async () => {
  const [town, lost] = [await Town.open(), await Town.open()];
  const request = { voucher: unsealed(await lost.seal(await lost.buy('r1'))) };
  const read = await readBy(town, 'RecordVoucher', request);
  const ahead = keysAhead('RecordVoucher', request, 'tx');
  expect(without(read, ahead)).toEqual(['PTY~gateway']);
  expect(without(ahead, read)).toEqual([]);
});

test('a request that is none has no keys', () => {
  const nothing = ['LDG~ledger', 'POST~hold~tx~0', 'POST~meter-credit~tx~0'];
  for (const request of [undefined, 7, {}, { items: 'x' }]) {
    expect(keysAhead('SettleReceipts', request, 'tx')).toEqual([]);
  }
  expect(keysAhead('SettleReceipts', { items: [null, {}, { receipt: 'zz' }] }, 'tx')).toEqual(nothing);
  for (const request of [undefined, {}, { voucher: 'zz' }]) {
    expect(keysAhead('RecordVoucher', request, 'tx')).toEqual([]);
  }
  expect(keysAhead('RegisterMeter', { items: [] }, 'tx')).toEqual([]);
});
