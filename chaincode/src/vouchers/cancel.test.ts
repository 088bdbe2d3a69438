import { beforeEach, expect, test } from 'vitest';
import { Town } from '../testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

const cancelled = (handset: string, payload: object) =>
  town.submit('RequestCancel', { jws: town.signed(handset, { op: 'cancel', ...payload }) }, 'gateway');

test('a cancel moves no money: it only asks for a void order', async () => {
  const voucherId = await town.buy('r1');
  expect(await town.cancel(voucherId)).toMatchObject({ outcome: 'cancelling', repeated: false });
  expect(await town.cancel(voucherId)).toMatchObject({ outcome: 'cancelling', repeated: true });
  expect(await town.query('GetWallet', { walletId: 'wallet' })).toMatchObject({
    balance: '95000',
    held: '5000',
  });
});

test('an agent’s own handset cancels by its signature', async () => {
  const voucherId = await town.buy('r1');
  expect(await cancelled('phone', { requestId: 'c1', voucherId })).toMatchObject({
    outcome: 'cancelling',
    repeated: false,
    voucher: { status: 'CANCELLING' },
  });
  expect(await cancelled('phone', { requestId: 'c1', voucherId })).toMatchObject({ repeated: true });
  expect(await town.query('GetRequest', { kid: 'phone', requestId: 'c1' })).toMatchObject({
    op: 'cancel',
    voucherId,
  });
});

test('an accepted cancel stays accepted when its handset is suspended later', async () => {
  const voucherId = await town.buy('r1');
  await cancelled('phone', { requestId: 'c1', voucherId });
  await cancelled('phone', { requestId: 'c2', of: 'r2' });
  await town.submit('Suspend', { id: 'phone', suspended: true, reason: 'lost' });
  expect(await cancelled('phone', { requestId: 'c1', voucherId })).toMatchObject({
    outcome: 'cancelling',
    repeated: true,
  });
  expect(await cancelled('phone', { requestId: 'c2', of: 'r2' })).toMatchObject({ outcome: 'abandoned' });
  const record = await town.query('GetRequest', { kid: 'phone', requestId: 'c1' });
  expect(record).not.toHaveProperty('refused');
});

test('another agent’s cancel is refused, for ever', async () => {
  const voucherId = await town.buy('r1');
  const request = { requestId: 'c1', voucherId };
  expect(await cancelled('rival-phone', request)).toMatchObject({ outcome: 'refused', code: 'FORBIDDEN' });
  expect(await cancelled('rival-phone', request)).toMatchObject({ outcome: 'refused', repeated: true });
  expect((await town.voucher(voucherId)).status).toBe('ISSUED');
});

test('a cancel of a redeemed voucher says so', async () => {
  const voucherId = await town.buy('r1');
  await town.settle(await town.credit(voucherId));
  expect(await town.cancel(voucherId)).toMatchObject({ outcome: 'redeemed', repeated: true });
});

test('an abandoned request can never be issued any more', async () => {
  const late = await town.proposal({ requestId: 'r1' });
  expect(await cancelled('phone', { requestId: 'c1', of: 'r1' })).toMatchObject({ outcome: 'abandoned' });
  expect(await town.issueItem(late)).toMatchObject({ ok: false, code: 'ABANDONED', final: true });
  expect(await town.balance()).toBe('100000');
});

test('a committed request cannot be abandoned', async () => {
  await town.buy('r1');
  expect(await cancelled('phone', { requestId: 'c1', of: 'r1' })).toMatchObject({
    outcome: 'refused',
    code: 'REQUEST_COMMITTED',
  });
});

test('a handset abandons its own requests only', async () => {
  const item = await town.proposal({ requestId: 'r1' });
  await cancelled('rival-phone', { requestId: 'c1', of: 'r1' });
  expect(await town.issueItem(item)).toMatchObject({ ok: true });
});

test('a requestId used for an issue is no requestId for a cancel', async () => {
  const voucherId = await town.buy('r1');
  await expect(cancelled('phone', { requestId: 'r1', voucherId })).rejects.toMatchObject({
    code: 'REQUEST_REUSED',
  });
});

test('an agency cancels its own agents’ vouchers only', async () => {
  const request = { voucherId: await town.buy('r1'), reason: 'customer left' };
  await expect(town.submit('RequestCancel', request, 'agency2')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect(await town.submit('RequestCancel', request, 'agency')).toMatchObject({ outcome: 'cancelling' });
});
