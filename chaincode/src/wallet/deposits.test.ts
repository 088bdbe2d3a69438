import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

const propose = (depositId: string, amount = '700') =>
  town.submit('ProposeDeposit', { depositId, walletId: 'wallet', amount }, 'agency');
const confirm = (depositId: string, utr: string, by = 'bank') =>
  town.submit('ConfirmDeposit', { depositId, utr }, by);

test('a deposit credits its wallet when the bank confirms it, once', async () => {
  expect(await propose('d1')).toEqual({ depositId: 'd1', repeated: false });
  expect(await propose('d1')).toEqual({ depositId: 'd1', repeated: true });
  expect(await town.balance()).toBe('100000');
  expect(await confirm('d1', 'utr1')).toMatchObject({ balance: '100700', repeated: false });
  expect(await confirm('d1', 'utr1')).toMatchObject({ balance: '100700', repeated: true });
  await expect(confirm('d1', 'utr2')).rejects.toMatchObject({ code: 'DEPOSIT_STATE' });
  expect(await town.query('GetDeposit', { depositId: 'd1' })).toMatchObject({
    status: 'CONFIRMED',
    utr: 'utr1',
  });
  expect(await town.violations()).toEqual([]);
});

test('a bank reference confirms one deposit only', async () => {
  await propose('d1');
  await propose('d2');
  await confirm('d1', 'utr1');
  await expect(confirm('d2', 'utr1')).rejects.toMatchObject({ code: 'UTR_REUSED' });
});

test('only the bank confirms, and only what was proposed', async () => {
  await propose('d1');
  await expect(confirm('d1', 'utr1', 'discom')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(confirm('d9', 'utr1')).rejects.toMatchObject({ code: 'DEPOSIT_UNKNOWN' });
  await expect(propose('d1', '800')).rejects.toMatchObject({ code: 'DEPOSIT_STATE' });
});

test('closing a wallet pays its balance out, and later what its vouchers give back', async () => {
  const voucherId = await town.buy('r1');
  expect(await town.submit('CloseWallet', { walletId: 'wallet' })).toMatchObject({ withdrawn: '95000' });
  await expect(propose('d1')).rejects.toMatchObject({ code: 'WALLET_STATE' });
  await town.cancel(voucherId);
  await town.settle(await town.voidAt(voucherId));
  expect(await town.submit('CloseWallet', { walletId: 'wallet' })).toMatchObject({ withdrawn: '5000' });
  expect(await town.balance()).toBe('0');
  expect(await town.violations()).toEqual([]);
});

test('a wallet’s statement tells every movement in order, page by page', async () => {
  const voucherId = await town.buy('r1');
  await town.cancel(voucherId);
  await town.settle(await town.voidAt(voucherId));
  const first = await town.query('GetStatement', { accountId: 'wallet', limit: 2 });
  expect(first.lines).toMatchObject([
    { kind: 'deposit', credit: '100000', balance: '100000' },
    { kind: 'issue', debit: '5000', ref: voucherId, balance: '95000' },
  ]);
  const second = await town.query('GetStatement', { accountId: 'wallet', limit: 2, after: first.next ?? '' });
  expect(second.lines).toMatchObject([{ kind: 'void', credit: '5000', balance: '100000' }]);
  expect(second.next).toBeUndefined();
  await expect(town.query('GetStatement', { accountId: 'nobody', limit: 2 })).rejects.toMatchObject({
    code: 'WALLET_UNKNOWN',
  });
});
