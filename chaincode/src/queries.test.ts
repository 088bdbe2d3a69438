import { beforeEach, expect, test } from 'vitest';
import type { QueryName } from './index.ts';
import { Town } from './testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

test('a list is read page by page without a gap or a repeat', async () => {
  for (let n = 10; n <= 14; n += 1) await town.addMeter(`${n}`);
  const seen: string[] = [];
  let after: string | undefined;
  do {
    const page = await town.query('ListMeters', { limit: 2, ...(after === undefined ? {} : { after }) });
    seen.push(...page.meters.map(({ meterId }) => meterId));
    after = page.next;
  } while (after !== undefined);
  expect(seen).toEqual(['1', '10', '11', '12', '13', '14', '2']);
});

test('the sweep sees the meters with an open voucher or a pending order, and no others', async () => {
  await town.buy('r1');
  await town.addMeter('3');
  await town.endEpoch('RotateMeterKey', '3', 'o1');
  const { meters } = await town.query('MetersWithOpen', { limit: 10 });
  expect(meters.map(({ meterId }) => meterId)).toEqual(['1', '3']);
});

test('the open vouchers of a meter come oldest first', async () => {
  const ids = [await town.buy('r1'), await town.buy('r2')];
  expect((await town.query('OpenVouchers', { meterId: '1' })).map(({ voucherId }) => voucherId)).toEqual(ids);
  expect(await town.query('OpenVouchers', { meterId: '99' })).toEqual([]);
});

test('vouchers are listed by meter and by status', async () => {
  const redeemed = await town.buy('r1');
  const open = await town.buy('r2', { meterId: '2' });
  await town.settle(await town.credit(redeemed));
  const list = async (filter: object) =>
    (await town.query('ListVouchers', { limit: 10, ...filter })).vouchers.map(({ voucherId }) => voucherId);
  expect(await list({ meterId: '2' })).toEqual([open]);
  expect(await list({ status: 'REDEEMED' })).toEqual([redeemed]);
  expect(await list({})).toHaveLength(2);
});

test('wallets and parties are listed, with what is held', async () => {
  await town.buy('r1', { amount: '300' });
  const { wallets } = await town.query('ListWallets', { limit: 10 });
  expect(wallets).toMatchObject([
    { walletId: 'rival-wallet', held: '0' },
    { walletId: 'wallet', held: '300' },
  ]);
  const { parties } = await town.query('ListParties', { limit: 10, role: 'handset' });
  expect(parties.map(({ id }) => id)).toEqual(['phone', 'rival-phone']);
});

test('what does not exist is null', async () => {
  expect(await town.query('GetMeter', { meterId: '99' })).toBeNull();
  expect(await town.query('CheckVoucher', { voucherId: '0'.repeat(32) })).toBeNull();
  expect(await town.query('GetWallet', { walletId: 'none' })).toBeNull();
  expect(await town.query('GetVoucherLife', { voucherId: '0'.repeat(32) })).toBeNull();
  expect(await town.query('GetRequest', { kid: 'phone', requestId: 'none' })).toBeNull();
});

test('what is known of a request, its handset and its voucher is told at once', async () => {
  const nothing = { handsetId: 'nobody', requestId: 'r1', voucherId: '0'.repeat(32) };
  expect(await town.query('GetStanding', nothing)).toEqual({ party: null, request: null, voucher: null });
  await town.buy('r1');
  const [voucher] = (await town.query('ListVouchers', { limit: 1 })).vouchers;
  const { voucherId = '' } = voucher ?? {};
  expect(await town.query('GetStanding', { handsetId: 'phone', requestId: 'r1', voucherId })).toMatchObject({
    party: { id: 'phone' },
    request: { voucherId },
    voucher,
  });
});

test('an unknown query and a limit out of range are refused', async () => {
  await expect(town.query('Nonsense' as QueryName, { limit: 1 })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
  });
  for (const limit of [0, 1001, 1.5]) {
    await expect(town.query('ListMeters', { limit })).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  }
});
