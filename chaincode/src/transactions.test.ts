import { beforeEach, expect, test } from 'vitest';
import { authenticateOrder, type TransactionName, type TransactionRequest } from './index.ts';
import { Town } from './testing/town.ts';

let town: Town;
beforeEach(async () => {
  town = await Town.open();
});

test('a ledger is founded once', async () => {
  await expect(
    town.submit('Genesis', { ledgerId: 'other', parties: [{ id: 'x', role: 'discom' }] }),
  ).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await town.query('GetLedger', {})).toEqual({ ledgerId: 'town' });
});

test('a submitter must be registered in the role it claims, and active', async () => {
  const request = { id: 'x', name: 'X' };
  const as = (partyId: string, role: 'discom' | 'bank') =>
    town.outcome('RegisterAgency', request, { submitter: { partyId, role } });
  await expect(as('nobody', 'discom')).rejects.toMatchObject({ code: 'PARTY_UNKNOWN' });
  await expect(as('bank', 'discom')).rejects.toMatchObject({ code: 'PARTY_UNKNOWN' });
  await expect(as('bank', 'bank')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await town.submit('Suspend', { id: 'discom2', suspended: true, reason: 'left' });
  await expect(as('discom2', 'discom')).rejects.toMatchObject({ code: 'SUSPENDED' });
});

test('one id names one party, one meter and one wallet', async () => {
  await expect(town.submit('RegisterAgency', { id: 'phone', name: 'X' })).rejects.toMatchObject({
    code: 'PARTY_EXISTS',
  });
  await expect(town.submit('RegisterMeter', { meterId: '1' })).rejects.toMatchObject({
    code: 'METER_EXISTS',
  });
  await expect(town.submit('OpenWallet', { walletId: 'wallet', agentId: 'rival' })).rejects.toMatchObject({
    code: 'WALLET_EXISTS',
  });
});

test('an agency looks after its own agents only', async () => {
  const foreign: [TransactionName, object][] = [
    ['RegisterAgent', { id: 'x', agencyId: 'agency' }],
    ['RegisterHandset', { id: 'x', agentId: 'agent', publicKey: town.newKey('x') }],
    ['OpenWallet', { walletId: 'x', agentId: 'agent' }],
    ['ProposeDeposit', { depositId: 'x', walletId: 'wallet', amount: '5' }],
    ['FreezeWallet', { walletId: 'wallet', frozen: true }],
    ['Suspend', { id: 'phone', suspended: true, reason: 'spite' }],
    ['Suspend', { id: 'bank', suspended: true, reason: 'spite' }],
  ];
  for (const [name, request] of foreign) {
    await expect(
      town.submit(name, request as TransactionRequest<typeof name>, 'agency2'),
      name,
    ).rejects.toMatchObject({ code: 'FORBIDDEN' });
  }
});

test('a malformed request is refused naming the field', async () => {
  const cases: [TransactionName, unknown, RegExp][] = [
    ['RegisterMeter', { meterId: '01' }, /meterId/],
    ['RegisterMeter', { meterId: '9', keyEpoch: 0 }, /keyEpoch/],
    ['RegisterMeter', { meterId: '9', colour: 'red' }, /colour/],
    ['OpenWallet', { walletId: 'a~b', agentId: 'agent' }, /walletId/],
    ['ProposeDeposit', { depositId: 'd', walletId: 'wallet', amount: '1.5' }, /amount/],
    ['ProposeDeposit', { depositId: 'd', walletId: 'wallet', amount: 5 }, /amount/],
    ['ProposeDeposit', { depositId: 'd', walletId: 'wallet' }, /amount/],
    ['RegisterHandset', { id: 'h', agentId: 'agent', publicKey: 'short' }, /publicKey/],
    ['Suspend', { id: 'phone', suspended: 'yes', reason: 'r' }, /suspended/],
    ['RegisterAgency', null, /request/],
    ['Nonsense' as TransactionName, {}, /Nonsense/],
  ];
  for (const [name, request, message] of cases) {
    await expect(town.submit(name, request as TransactionRequest<typeof name>)).rejects.toMatchObject({
      code: 'BAD_REQUEST',
      message: expect.stringMatching(message),
    });
  }
  await expect(
    town.submit('ProposeDeposit', { depositId: 'd', walletId: 'wallet', amount: '9007199254740992' }),
  ).rejects.toMatchObject({ code: 'AMOUNT_OUT_OF_RANGE' });
});

test('a refused transaction writes nothing', async () => {
  const before = town.state.entries();
  await expect(town.submit('CloseWallet', { walletId: 'none' })).rejects.toMatchObject({
    code: 'WALLET_UNKNOWN',
  });
  expect(town.state.entries()).toEqual(before);
});

test('a signed order is carried out once, however often it comes', async () => {
  const jws = town.order('agency', 'ProposeDeposit', {
    requestId: 'o1',
    request: { depositId: 'd1', walletId: 'wallet', amount: '700' },
  });
  const run = async (text: string) => {
    const { submitter, name, request, ...order } = await authenticateOrder(town.state, text);
    return town.outcome(name, request as TransactionRequest<typeof name>, { submitter, order });
  };
  const first = await run(jws);
  expect(first).toMatchObject({
    result: { depositId: 'd1', repeated: false },
    event: { name: 'DepositChanged' },
  });
  expect(await run(jws)).toEqual({ result: first.result });
  const other = town.order('agency', 'ProposeDeposit', {
    requestId: 'o1',
    request: { depositId: 'd2', walletId: 'wallet', amount: '700' },
  });
  await expect(run(other)).rejects.toMatchObject({ code: 'REQUEST_REUSED' });
});

test('an order must be signed by a registered, active party for this ledger', async () => {
  const body = { requestId: 'o1', request: {} };
  const order = (changes: object) => {
    town.newKey('stranger');
    return { ...body, ...changes };
  };
  await expect(authenticateOrder(town.state, 'nonsense')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  await expect(
    authenticateOrder(town.state, town.order('stranger', 'CloseWallet', order({}))),
  ).rejects.toMatchObject({ code: 'PARTY_UNKNOWN' });
  await expect(
    authenticateOrder(town.state, town.order('discom', 'CloseWallet', order({ aud: 'elsewhere' }))),
  ).rejects.toMatchObject({ code: 'WRONG_AUDIENCE' });
  await expect(
    authenticateOrder(town.state, town.order('discom', 'Nonsense', order({}))),
  ).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  const [header, payload] = town.order('discom', 'CloseWallet', order({})).split('.');
  const signature = town.order('bank', 'CloseWallet', order({})).split('.')[2];
  await expect(authenticateOrder(town.state, `${header}.${payload}.${signature}`)).rejects.toMatchObject({
    code: 'BAD_SIGNATURE',
  });
  await town.submit('Suspend', { id: 'bank', suspended: true, reason: 'audit' });
  await expect(
    authenticateOrder(town.state, town.order('bank', 'ConfirmDeposit', order({}))),
  ).rejects.toMatchObject({ code: 'SUSPENDED' });
});
