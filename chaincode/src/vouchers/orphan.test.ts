import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

/** A town whose meter was credited by a ledger that this one has forgotten. */
let town: Town;
let receipt: string;
let voucherId: string;
let lost: Town;
beforeEach(async () => {
  lost = await Town.open();
  voucherId = await lost.buy('forgotten', { amount: '800' });
  receipt = await lost.credit(voucherId);
  town = await Town.open();
  const meter = lost.meters.get('1');
  if (meter !== undefined) town.meters.set('1', meter);
});

const recover = (by: string, amount = '800') =>
  town.submit('RecoverOrphan', { meterId: '1', voucherId, amount }, by);

test('a receipt for an unknown voucher is recorded with an alarm, and counts as settled at the meter', async () => {
  const { result, event } = await town.outcome('SettleReceipts', { items: [{ receipt }] }, { by: 'gateway' });
  expect(result.items).toMatchObject([{ outcome: 'orphan', repeated: false, meter: { settled: '800' } }]);
  expect(event).toMatchObject({
    payload: {
      alarms: [{ what: 'orphan', meterId: '1', voucherId }, { what: 'halted' }, { what: 'ledger-behind' }],
    },
  });
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'orphan', repeated: true });
  expect((await town.query('ListOrphans', { limit: 10 })).orphans).toMatchObject([
    { voucherId, amount: '800', status: 'RECORDED' },
  ]);
  expect(await town.violations()).toEqual([]);
});

test('the answer to a void order shows a forgotten credit without its amount, which the voucher’s own answer adds', async () => {
  const again = lost.show('1', await lost.seal(voucherId));
  await lost.cancel(voucherId);
  const answer = await lost.voidAt(voucherId);
  expect(await town.settle(answer)).toMatchObject({ outcome: 'orphan', meter: { settled: '0' } });
  for (const [shown, repeated] of [
    [again, false],
    [receipt, true],
    [answer, true],
  ] as const) {
    expect(await town.settle(shown)).toMatchObject({
      outcome: 'orphan',
      repeated,
      meter: { settled: '800' },
    });
  }
  expect((await town.query('ListOrphans', { limit: 10 })).orphans).toMatchObject([
    { voucherId, amount: '800', status: 'RECORDED' },
  ]);
  expect(await recover('bank')).toMatchObject({ state: 'proposed' });
  expect(await town.violations()).toEqual([]);
});

test('an orphan is booked when two parties state the same amount', async () => {
  await town.settle(receipt);
  expect(await recover('discom', '900')).toMatchObject({ state: 'proposed' });
  await expect(recover('discom', '900')).rejects.toMatchObject({ code: 'SAME_PARTY' });
  expect(await recover('bank')).toMatchObject({ state: 'proposed' });
  expect(await recover('discom')).toMatchObject({ state: 'recovered', repeated: false });
  expect(await recover('discom')).toMatchObject({ state: 'recovered', repeated: true });
  await expect(recover('bank', '900')).rejects.toMatchObject({ code: 'VOUCHER_STATE' });
  const { lines } = await town.query('GetStatement', { accountId: 'suspense', limit: 10 });
  expect(lines).toMatchObject([{ kind: 'orphan', debit: '800' }]);
  expect(await town.query('GetMeter', { meterId: '1' })).toMatchObject({ settled: '800', orphaned: '800' });
  expect(await town.violations()).toEqual([]);
});

test('the void of a forgotten voucher is recorded too, with no money in it', async () => {
  const lost = await Town.open();
  const voided = await lost.buy('forgotten-2');
  await town.settle(await lost.voidAt(voided));
  expect((await town.query('ListOrphans', { limit: 10 })).orphans).toMatchObject([
    { voucherId: voided, amount: '0', status: 'NOTHING' },
  ]);
  await expect(
    town.submit('RecoverOrphan', { meterId: '1', voucherId: voided, amount: '5' }),
  ).rejects.toMatchObject({ code: 'VOUCHER_STATE' });
});

test('a request whose voucher is known as an orphan is not issued again', async () => {
  await town.settle(receipt);
  await town.resume();
  await town.renewKey('1', 'o1');
  expect(await town.issue({ requestId: 'forgotten', amount: '800' })).toMatchObject({
    ok: false,
    code: 'CONFLICT',
    final: true,
  });
});

test('the same request issued again before its receipt comes settles as if nothing had been forgotten', async () => {
  expect(await town.issue({ requestId: 'forgotten', amount: '800' })).toMatchObject({ ok: true, voucherId });
  expect(await town.settle(receipt)).toMatchObject({ outcome: 'redeemed' });
  expect(await town.violations()).toEqual([]);
});
