import { generateKeyPairSync } from 'node:crypto';
import { rawPublicKey, signOrder } from '@tapwatt/firmware-contracts';
import { beforeEach, expect, test } from 'vitest';
import { QUERY_NAMES } from '../queries.ts';
import { TRANSACTION_NAMES } from '../transactions.ts';
import { TapwattContract } from './contract.ts';
import { type Caller, Channel } from './testing/channel.ts';
import { readErrorText } from './wire.ts';

const DISCOM: Caller = { mspId: 'UtilityMSP', name: 'discom@utility.test' };
const GATEWAY: Caller = { mspId: 'UtilityMSP', name: 'gateway@utility.test' };
const STRANGER: Caller = { mspId: 'OtherMSP', name: 'discom@utility.test' };
const ID = 'ab'.repeat(16);

const { privateKey } = generateKeyPairSync('ed25519');
const publicKey = rawPublicKey(privateKey);

const genesis = JSON.stringify({
  ledgerId: 'utility',
  parties: [
    { id: 'discom', role: 'discom', publicKey, member: DISCOM },
    { id: 'gateway', role: 'gateway', member: GATEWAY },
    { id: 'agency', role: 'agency' },
  ],
});

let channel: Channel;
beforeEach(async () => {
  channel = new Channel();
  await channel.submit(DISCOM, 'Genesis', genesis);
});

/** How a call failed, as a client reads it. */
const failureOf = async (call: Promise<unknown>) =>
  readErrorText(
    await call.then(
      () => 'it did not fail',
      (error: Error) => `peer 1: chaincode response 500, ${error.message}`,
    ),
  );

const meter = (meterId: string) => JSON.stringify({ meterId });

test('every transaction and query of the rules is a transaction of the contract, with rest parameters only', () => {
  const names = Object.getOwnPropertyNames(TapwattContract.prototype).filter(
    (name) => name !== 'constructor',
  );
  expect(names).toEqual([...TRANSACTION_NAMES, ...QUERY_NAMES, 'AskMany', 'Order', 'FindTransaction']);
  for (const name of names) expect(Reflect.get(TapwattContract.prototype, name)).toHaveLength(1);
});

test('many queries are answered each for itself, and one that is refused takes no other along', async () => {
  await channel.submit(DISCOM, 'RegisterMeter', meter('1'));
  const asked = [
    ['GetMeter', { meterId: '1' }],
    ['Nonsense', {}],
    ['GetMeter', { meterId: '2' }],
    'no query',
  ];
  const answers = (await channel.evaluate(GATEWAY, 'AskMany', JSON.stringify(asked))) as unknown[];
  expect(answers).toMatchObject([
    { result: { meterId: '1' } },
    { error: expect.stringContaining('BAD_REQUEST: ') },
    { result: null },
    { error: expect.stringContaining('BAD_REQUEST: ') },
  ]);
  const tooMany = JSON.stringify(Array(65).fill(asked[0]));
  expect(await failureOf(channel.evaluate(GATEWAY, 'AskMany', tooMany))).toMatchObject({
    code: 'BAD_REQUEST',
  });
});

test('a certificate speaks for the party it was registered for, and for no other organisation’s', async () => {
  expect(await channel.submit(DISCOM, 'RegisterMeter', meter('1'))).toMatchObject({
    meter: { meterId: '1' },
  });
  expect(await failureOf(channel.submit(GATEWAY, 'RegisterMeter', meter('2')))).toMatchObject({
    code: 'FORBIDDEN',
  });
  expect(await failureOf(channel.submit(STRANGER, 'RegisterMeter', meter('2')))).toMatchObject({
    code: 'PARTY_UNKNOWN',
  });
});

test('a certificate speaks for one party only', async () => {
  const request = JSON.stringify({ id: 'twin', publicKey, member: GATEWAY });
  expect(await failureOf(channel.submit(DISCOM, 'RegisterGateway', request))).toMatchObject({
    code: 'PARTY_EXISTS',
  });
});

test('a gateway registered later submits with its own certificate', async () => {
  const later = new Channel();
  const parties = [{ id: 'discom', role: 'discom', member: DISCOM }];
  await later.submit(DISCOM, 'Genesis', JSON.stringify({ ledgerId: 'utility', parties }));
  const record = JSON.stringify({ number: 1, hash: 'ab'.repeat(32), at: 1 });
  expect(await failureOf(later.submit(GATEWAY, 'RecordRestore', record))).toMatchObject({
    code: 'PARTY_UNKNOWN',
  });
  await later.submit(DISCOM, 'RegisterGateway', JSON.stringify({ id: 'g2', publicKey, member: GATEWAY }));
  expect(await later.submit(GATEWAY, 'RecordRestore', record)).toEqual({ restores: 1 });
});

test('only the utility that it names founds a ledger, and only once', async () => {
  expect(await failureOf(channel.submit(DISCOM, 'Genesis', genesis))).toMatchObject({ code: 'FORBIDDEN' });
  for (const caller of [GATEWAY, STRANGER]) {
    expect(await failureOf(new Channel().submit(caller, 'Genesis', genesis))).toMatchObject({
      code: 'FORBIDDEN',
    });
  }
  expect(await failureOf(new Channel().submit(DISCOM, 'Genesis', '{"parties":[null]}'))).toMatchObject({
    code: 'FORBIDDEN',
  });
});

test('a transaction under a client’s id is carried out once, and named when it comes again', async () => {
  await channel.submit(DISCOM, 'RegisterMeter', meter('1'), ID);
  const fabricTxId = '2'.padStart(64, '0');
  expect(await failureOf(channel.submit(DISCOM, 'RegisterMeter', meter('2'), ID))).toEqual({
    known: fabricTxId,
  });
  expect(await channel.evaluate(DISCOM, 'GetMeter', meter('2'))).toBeNull();
  expect(await channel.evaluate(DISCOM, 'FindTransaction', ID)).toBe(fabricTxId);
  expect(await channel.evaluate(GATEWAY, 'FindTransaction', ID)).toBeNull();
});

test('a refused transaction leaves its id free', async () => {
  await failureOf(channel.submit(DISCOM, 'RegisterMeter', '{}', ID));
  expect(await channel.evaluate(DISCOM, 'FindTransaction', ID)).toBeNull();
  await channel.submit(DISCOM, 'RegisterMeter', meter('1'), ID);
});

test('an order is carried out for the party that signed it, whoever brings it, and once', async () => {
  const payload = { aud: 'utility', op: 'RegisterMeter', at: 1, requestId: 'o1', request: { meterId: '7' } };
  const order = signOrder(payload, { kid: 'discom', privateKey });
  expect(await channel.submit(GATEWAY, 'Order', order)).toMatchObject({ meter: { meterId: '7' } });
  expect(await failureOf(channel.submit(STRANGER, 'Order', order))).toEqual({ known: '2'.padStart(64, '0') });
  const other = signOrder({ ...payload, request: { meterId: '8' } }, { kid: 'discom', privateKey });
  expect(await failureOf(channel.submit(GATEWAY, 'Order', other))).toMatchObject({ code: 'REQUEST_REUSED' });
});

test('what is no request is refused in the words of the rules', async () => {
  const bad: readonly (readonly string[])[] = [[], ['{'], ['{}', 'no id'], ['{}', ID, 'more'], ['[]']];
  for (const args of bad) {
    expect(await failureOf(channel.submit(DISCOM, 'RegisterMeter', ...args))).toMatchObject({
      code: 'BAD_REQUEST',
    });
  }
  expect(await failureOf(channel.evaluate(DISCOM, 'GetMeter', 'null'))).toMatchObject({
    code: 'BAD_REQUEST',
  });
});

test('a transaction emits its one event under its own name', async () => {
  await channel.submit(DISCOM, 'RegisterMeter', meter('1'));
  expect(channel.events).toEqual([
    ['LedgerFounded', '{"ledgerId":"utility"}'],
    ['MeterChanged', '{"meterId":"1"}'],
  ]);
});

test('a query reads keys, pages and histories', async () => {
  await channel.submit(DISCOM, 'RegisterAgent', JSON.stringify({ id: 'agent', agencyId: 'agency' }));
  await channel.submit(DISCOM, 'OpenWallet', JSON.stringify({ walletId: 'w', agentId: 'agent' }));
  for (const meterId of ['1', '2', '3']) await channel.submit(DISCOM, 'RegisterMeter', meter(meterId));
  const page = await channel.evaluate(DISCOM, 'ListMeters', '{"limit":2}');
  expect(page).toMatchObject({ meters: [{ meterId: '1' }, { meterId: '2' }], next: '2' });
  const rest = await channel.evaluate(DISCOM, 'ListMeters', '{"limit":2,"after":"2"}');
  expect(rest).toEqual({ meters: [expect.objectContaining({ meterId: '3' })] });
  const statement = await channel.evaluate(DISCOM, 'GetStatement', '{"accountId":"w","limit":5}');
  expect(statement).toEqual({ accountId: 'w', lines: [] });
});

test('an error of Fabric’s own is none of the contract', () => {
  expect(readErrorText('no combination of peers can satisfy the endorsement policy')).toBeUndefined();
  expect(readErrorText('NOT_A_CODE: {"message":"x"}')).toBeUndefined();
  expect(readErrorText('BAD_REQUEST: {"message"')).toBeUndefined();
});
