import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

let town: Town;
let voucherId: string;
beforeEach(async () => {
  town = await Town.open();
  voucherId = await town.buy('r1');
});

const release = (by: string) => town.submit('ReleaseUnproven', { voucherId, reason: 'meter burnt' }, by);

test('a release without proof takes two parties, and gives the money back', async () => {
  await town.cancel(voucherId);
  expect(await release('discom')).toMatchObject({ state: 'proposed' });
  await expect(release('discom')).rejects.toMatchObject({ code: 'SAME_PARTY' });
  expect(await town.balance()).toBe('95000');
  expect(await release('agency')).toMatchObject({ state: 'released', repeated: false });
  expect(await release('agency')).toMatchObject({ state: 'released', repeated: true });
  expect(await town.balance()).toBe('100000');
  expect(await town.query('GetMeter', { meterId: '1' })).toMatchObject({ open: [], floorSeq: 2 });
  expect(await town.violations()).toEqual([]);
});

test('two people of the utility may do it, another agency may not', async () => {
  await town.cancel(voucherId);
  await release('discom');
  await expect(release('agency2')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await release('discom2')).toMatchObject({ state: 'released' });
});

test('only a cancelled voucher can be released', async () => {
  await expect(release('discom')).rejects.toMatchObject({ code: 'VOUCHER_STATE' });
  await town.settle(await town.credit(voucherId));
  await expect(release('discom')).rejects.toMatchObject({ code: 'VOUCHER_STATE' });
});

test('a proof that comes between maker and checker wins', async () => {
  await town.cancel(voucherId);
  await release('discom');
  await town.settle(await town.credit(voucherId));
  await expect(release('agency')).rejects.toMatchObject({ code: 'VOUCHER_STATE' });
  expect((await town.voucher(voucherId)).status).toBe('REDEEMED');
  expect(await town.violations()).toEqual([]);
});

test('a released voucher’s whole life can be read from the history', async () => {
  await town.cancel(voucherId);
  await town.release(voucherId);
  await town.settle(await town.credit(voucherId));
  const life = await town.query('GetVoucherLife', { voucherId });
  expect(life?.steps.map(({ status }) => status)).toEqual([
    'ISSUED',
    'CANCELLING',
    'CANCELLING',
    'RELEASED',
    'REDEEMED',
  ]);
});
