import { beforeEach, expect, test } from 'vitest';
import type { IssueItem } from '../index.ts';
import { bytesOf, Town } from '../testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

const batch = async (items: readonly unknown[]) =>
  (await town.submit('IssueVouchers', { items: items as IssueItem[] }, 'gateway')).items;

test('an issue debits the wallet, takes the next seq and holds the money', async () => {
  const result = await town.issue({ requestId: 'r1', amount: '5000' });
  expect(result).toMatchObject({ ok: true, seq: 1, amount: '5000', repeated: false });
  expect(await town.query('GetWallet', { walletId: 'wallet' })).toEqual({
    walletId: 'wallet',
    agentId: 'agent',
    balance: '95000',
    held: '5000',
    state: 'open',
  });
  expect(await town.query('GetMeter', { meterId: '1' })).toMatchObject({ nextSeq: 2, floorSeq: 1 });
  expect(await town.violations()).toEqual([]);
});

test('the same request gets the same voucher, however often and with whatever proposal it comes', async () => {
  const item = await town.proposal({ requestId: 'r1' });
  const first = await town.issueItem(item);
  const again = await town.issueItem(item);
  const reproposed = await town.issueItem(
    town.propose(item.jws, { meterId: '1', keyEpoch: 1, seq: 2, floorSeq: 1 }),
  );
  expect(again).toEqual({ ...first, repeated: true });
  expect(reproposed).toEqual({ ...first, repeated: true });
  expect(await town.balance()).toBe('95000');
});

test('another content under a used requestId is refused', async () => {
  await town.buy('r1');
  expect(await town.issue({ requestId: 'r1', amount: '6000' })).toMatchObject({
    ok: false,
    code: 'REQUEST_REUSED',
    final: true,
  });
});

test('a refused request stays refused, also when it would succeed later', async () => {
  const item = await town.proposal({ requestId: 'r1', amount: '200000' });
  const refused = await town.issueItem(item);
  expect(refused).toMatchObject({ ok: false, code: 'INSUFFICIENT_FUNDS', final: true });
  await town.deposit('wallet', '500000');
  expect(await town.issueItem(item)).toEqual(refused);
  expect(await town.query('GetRequest', { kid: 'phone', requestId: 'r1' })).toMatchObject({
    refused: { code: 'INSUFFICIENT_FUNDS' },
  });
});

test('a seq that is not the next one is answered with the next one and is not final', async () => {
  const stale = await town.proposal({ requestId: 'r2' });
  await town.buy('r1');
  expect(await town.issueItem(stale)).toMatchObject({
    ok: false,
    code: 'SEQ_NOT_NEXT',
    final: false,
    nextSeq: 2,
    keyEpoch: 1,
    floorSeq: 1,
  });
  expect(await town.query('GetRequest', { kid: 'phone', requestId: 'r2' })).toBeNull();
  expect(
    await town.issueItem(town.propose(stale.jws, { meterId: '1', keyEpoch: 1, seq: 2, floorSeq: 1 })),
  ).toMatchObject({ ok: true, seq: 2 });
});

test('a voucher id that does not follow from the request is refused without blaming the request', async () => {
  const item = await town.proposal({ requestId: 'r1' });
  const forged = { ...item, voucherId: '0'.repeat(32) };
  expect(await town.issueItem(forged)).toMatchObject({ ok: false, code: 'BAD_REQUEST', final: false });
  expect(await town.issueItem(item)).toMatchObject({ ok: true });
});

test('another agent’s signature cannot spend a wallet', async () => {
  expect(await town.issue({ requestId: 'r1', handset: 'rival-phone' })).toMatchObject({
    ok: false,
    code: 'FORBIDDEN',
    final: true,
  });
});

test('a request whose bytes were changed after signing is refused and leaves no trace', async () => {
  const item = await town.proposal({ requestId: 'r1' });
  const [header, , signature] = item.jws.split('.');
  const other = (await town.proposal({ requestId: 'r1', amount: '99' })).jws.split('.')[1];
  const forged = { ...item, jws: `${header}.${other}.${signature}` };
  expect(await town.issueItem(forged)).toMatchObject({ ok: false, code: 'BAD_SIGNATURE', final: false });
  expect(await town.issueItem(item)).toMatchObject({ ok: true });
});

test('a request for another ledger, of an unknown handset or without form fails alone', async () => {
  const good = await town.proposal({ requestId: 'good' });
  const foreign = await town.proposal({ requestId: 'foreign', aud: 'elsewhere' });
  town.newKey('stranger');
  const unknown = await town.proposal({ requestId: 'unknown', handset: 'stranger' });
  const results = await batch([foreign, unknown, { ...good, jws: 'x' }, { nonsense: true }, 7, good]);
  expect(results.map((result) => (result.ok ? 'ok' : result.code))).toEqual([
    'WRONG_AUDIENCE',
    'PARTY_UNKNOWN',
    'BAD_REQUEST',
    'BAD_REQUEST',
    'BAD_REQUEST',
    'ok',
  ]);
});

test('items of one batch for the same meter and wallet see each other', async () => {
  const first = await town.proposal({ requestId: 'r1', amount: '60000' });
  const { jws } = await town.proposal({ requestId: 'r2', amount: '30000' });
  const second = town.propose(jws, { meterId: '1', keyEpoch: 1, seq: 2, floorSeq: 1 });
  const third = town.propose((await town.proposal({ requestId: 'r3', amount: '30000' })).jws, {
    meterId: '1',
    keyEpoch: 1,
    seq: 3,
    floorSeq: 1,
  });
  const results = await batch([first, second, third, first]);
  expect(results).toMatchObject([
    { ok: true, seq: 1 },
    { ok: true, seq: 2 },
    { ok: false, code: 'INSUFFICIENT_FUNDS', final: true },
    { ok: true, seq: 1, repeated: true },
  ]);
  expect(await town.balance()).toBe('10000');
  expect(await town.violations()).toEqual([]);
});

test('a suspended handset, agent or agency spends nothing', async () => {
  for (const [id, requestId] of [
    ['phone', 'r1'],
    ['agent', 'r2'],
    ['agency', 'r3'],
  ] as const) {
    await town.submit('Suspend', { id, suspended: true, reason: 'lost' });
    expect(await town.issue({ requestId })).toMatchObject({ ok: false, code: 'SUSPENDED', final: true });
    await town.submit('Suspend', { id, suspended: false, reason: 'found' });
  }
  expect(await town.issue({ requestId: 'r4' })).toMatchObject({ ok: true });
});

test('a frozen or closed wallet spends nothing', async () => {
  await town.submit('FreezeWallet', { walletId: 'wallet', frozen: true });
  expect(await town.issue({ requestId: 'r1' })).toMatchObject({ code: 'WALLET_STATE' });
  await town.submit('CloseWallet', { walletId: 'wallet' });
  expect(await town.issue({ requestId: 'r2' })).toMatchObject({ code: 'WALLET_STATE' });
  expect(await town.violations()).toEqual([]);
});

test('a meter that is unknown, suspended or full takes no voucher', async () => {
  expect(await town.issue({ requestId: 'r0', meterId: '99' })).toMatchObject({ code: 'METER_UNKNOWN' });
  await town.submit('Suspend', { meterId: '1', suspended: true, reason: 'theft' });
  expect(await town.issue({ requestId: 'r1' })).toMatchObject({ code: 'METER_STATE' });
  await town.submit('Suspend', { meterId: '1', suspended: false, reason: 'cleared' });
  for (let n = 0; n < 16; n += 1) await town.buy(`full-${n}`, { amount: '1' });
  expect(await town.issue({ requestId: 'r2' })).toMatchObject({ code: 'WINDOW_FULL', final: true });
});

test('no seq is ever 64 above the oldest unresolved one', async () => {
  const oldest = await town.buy('oldest', { amount: '1' });
  for (let n = 2; n <= 64; n += 1)
    await town.settle(await town.credit(await town.buy(`v${n}`, { amount: '1' })));
  expect(await town.query('GetMeter', { meterId: '1' })).toMatchObject({ nextSeq: 65, floorSeq: 1 });
  expect(await town.issue({ requestId: 'beyond' })).toMatchObject({ code: 'WINDOW_FULL' });
  await town.settle(await town.credit(oldest));
  expect(await town.issue({ requestId: 'after' })).toMatchObject({ ok: true, seq: 65 });
});

test('a voucher carries the oldest open seq of its epoch as its floor', async () => {
  const ids = [await town.buy('r1'), await town.buy('r2'), await town.buy('r3')];
  await town.settle(await town.credit(ids[0] ?? ''));
  const fourth = await town.buy('r4');
  expect((await town.voucher(ids[0] ?? '')).floorSeq).toBe(1);
  expect((await town.voucher(fourth)).floorSeq).toBe(2);
});

test('only a gateway issues', async () => {
  const items = [await town.proposal({ requestId: 'r1' })];
  for (const by of ['discom', 'bank', 'agency', 'auditor']) {
    await expect(town.submit('IssueVouchers', { items }, by)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  }
});

test('the sealed bytes of a committed issue are credited by a meter', async () => {
  const voucherId = await town.buy('r1', { amount: '700' });
  const receipt = bytesOf(await town.credit(voucherId));
  expect(receipt[1]).toBe(0);
  expect(town.meters.get('1')?.record?.cumulativeCredited).toBe(700n);
});
