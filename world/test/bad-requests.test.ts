import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ErrorCode, RequestResult } from '@tapwatt/firmware-contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Sent } from './raw-handset.ts';
import { openTown, type RawHandset, type Town } from './town.ts';
import { until } from './until.ts';

let directory: string;
let town: Town;
let handset: RawHandset;
let other: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 24, handsets: 3 });
  handset = await town.handset();
  other = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const wish = (meterId: string, amount = '500', deliver = false) =>
  ({ op: 'issue', walletId: 'wallet-1', meterId, amount, deliver }) as const;

async function restart(): Promise<void> {
  await town.stopGateway();
  await town.startGateway();
}

/** Sends and resolves with the next result of this request. */
async function next(by: RawHandset, sent: Sent): Promise<RequestResult> {
  const before = by.resultsOf(sent).length;
  by.send(sent.jws);
  return until(`an answer to ${sent.requestId}`, () => by.resultsOf(sent)[before]);
}

async function refused(by: RawHandset, sent: Sent, code: ErrorCode): Promise<void> {
  const result = await next(by, sent);
  expect(result).toMatchObject({ status: 'refused', code });
  expect(result.message).toMatch(/\w+.*\.$/);
}

describe('a request id used again', () => {
  it('with another content is refused, and the first one goes on as if nothing had been said', async () => {
    const meter = town.meterWithoutPower();
    const sent = handset.ask(wish(meter.meterId));
    const issued = await handset.hears(sent, 'issued');
    const { requestId } = sent;
    await refused(handset, handset.sign(wish(meter.meterId, '501'), { requestId }), 'REQUEST_REUSED');
    await refused(
      handset,
      handset.sign({ op: 'redeem', voucher: issued.voucher }, { requestId }),
      'REQUEST_REUSED',
    );
    await refused(handset, handset.sign({ op: 'query', of: requestId }, { requestId }), 'REQUEST_REUSED');
    await refused(handset, handset.sign({ op: 'cancel', of: 'x' }, { requestId }), 'REQUEST_REUSED');
    expect(await next(handset, sent)).toMatchObject({ status: 'issued', voucher: issued.voucher });
    await restart();
    await refused(handset, handset.sign(wish(meter.meterId, '501'), { requestId }), 'REQUEST_REUSED');
    await refused(
      handset,
      handset.sign({ op: 'redeem', voucher: issued.voucher }, { requestId }),
      'REQUEST_REUSED',
    );
    expect(await next(handset, sent)).toMatchObject({ status: 'issued', voucher: issued.voucher });
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ nextSeq: 2 });
  });

  it('of a redeem with another voucher is refused, also after a restart', async () => {
    const meter = await town.meter();
    const first = await handset.buy(meter.meterId);
    const sent = handset.ask({ op: 'redeem', voucher: first.voucher });
    const settled = await handset.hears(sent, 'settled');
    expect(meter.credited).toBe(500n);
    meter.device.powerOff();
    const second = await handset.buy(meter.meterId);
    const { requestId } = sent;
    const reused = handset.sign({ op: 'redeem', voucher: second.voucher }, { requestId });
    await refused(handset, reused, 'REQUEST_REUSED');
    await refused(handset, handset.sign(wish(meter.meterId), { requestId }), 'REQUEST_REUSED');
    await restart();
    await refused(handset, reused, 'REQUEST_REUSED');
    await refused(handset, handset.sign(wish(meter.meterId), { requestId }), 'REQUEST_REUSED');
    expect(await next(handset, sent)).toMatchObject({ status: 'settled', txId: settled.txId });
    expect(await town.voucher(second.voucherId)).toMatchObject({ status: 'ISSUED' });
  });

  it('by another handset is another request', async () => {
    const meter = town.meterWithoutPower();
    const sent = handset.ask(wish(meter.meterId), { requestId: 'mine' });
    const mine = await handset.hears(sent, 'issued');
    const theirs = await other.hears(other.ask(wish(meter.meterId), { requestId: 'mine' }), 'issued');
    expect(theirs.voucherId).not.toBe(mine.voucherId);
  });

  it('twice at the same moment with two contents issues one of them', async () => {
    const meter = town.meterWithoutPower();
    const requestId = 'at-once';
    const before = BigInt((await town.wallet()).balance);
    const both = [wish(meter.meterId, '100'), wish(meter.meterId, '200')].map((one) =>
      handset.sign(one, { requestId }),
    );
    for (const { jws } of both) handset.send(jws);
    const results = await until('both answers', () => {
      const found = handset.resultsOf({ requestId });
      return found.length >= 2 ? found : undefined;
    });
    expect(results.map(({ status }) => status).sort()).toEqual(['issued', 'refused']);
    expect(results.find(({ status }) => status === 'refused')).toMatchObject({ code: 'REQUEST_REUSED' });
    const spent = before - BigInt((await town.wallet()).balance);
    expect([100n, 200n]).toContain(spent);
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ nextSeq: 2 });
  });

  it('a hundred times with the same bytes issues one voucher', async () => {
    const meter = town.meterWithoutPower();
    const before = BigInt((await town.wallet()).balance);
    const sent = handset.sign(wish(meter.meterId));
    for (let time = 0; time < 100; time += 1) handset.send(sent.jws);
    const first = await handset.hears(sent, 'issued');
    expect(await next(handset, sent)).toMatchObject({ status: 'issued', voucher: first.voucher });
    expect(new Set(handset.resultsOf(sent).map(({ voucher }) => voucher)).size).toBe(1);
    expect(before - BigInt((await town.wallet()).balance)).toBe(500n);
  });
});

describe('a wallet that holds too little', () => {
  it('refuses the request for ever: after a deposit, and after a restart', async () => {
    const meter = town.meterWithoutPower();
    const poor = await town.handset(await town.stranger('poor', '400'));
    const want = { ...wish(meter.meterId), walletId: poor.walletId };
    const sent = poor.sign(want);
    await refused(poor, sent, 'INSUFFICIENT_FUNDS');
    expect(
      await town.order('agency', 'ProposeDeposit', {
        depositId: 'more',
        walletId: poor.walletId,
        amount: '1000',
      }),
    ).toBeUndefined();
    expect(
      await town.order('bank', 'ConfirmDeposit', { depositId: 'more', utr: 'UTR-more' }),
    ).toBeUndefined();
    await refused(poor, sent, 'INSUFFICIENT_FUNDS');
    await restart();
    await refused(poor, sent, 'INSUFFICIENT_FUNDS');
    expect(await poor.askUntil({ op: 'query', of: sent.requestId }, 'refused')).toMatchObject({
      code: 'INSUFFICIENT_FUNDS',
    });
    expect(await town.wallet(poor.walletId)).toMatchObject({ balance: '1400', held: '0' });
    await poor.askUntil(want, 'issued');
    expect(await town.wallet(poor.walletId)).toMatchObject({ balance: '900', held: '500' });
  });

  it('of two that together ask too much serves one', async () => {
    const meter = town.meterWithoutPower();
    const poor = await town.handset(await town.stranger('pair', '700'));
    const asks = [1, 2].map(() => poor.ask({ ...wish(meter.meterId), walletId: poor.walletId }));
    const answers = await Promise.all(
      asks.map((sent) => until('an answer', () => poor.resultsOf(sent).at(0))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(['issued', 'refused']);
    expect(await town.wallet(poor.walletId)).toMatchObject({ balance: '200', held: '500' });
  });
});

describe('a request that is not the agent’s to make', () => {
  it('for another agent’s wallet, voucher or balance is refused', async () => {
    const meter = town.meterWithoutPower();
    const stranger = await town.handset(await town.stranger('rival', '1000'));
    const before = await town.wallet();
    await refused(stranger, stranger.sign(wish(meter.meterId)), 'FORBIDDEN');
    const mine = await handset.buy(meter.meterId);
    await refused(stranger, stranger.sign({ op: 'cancel', voucherId: mine.voucherId }), 'FORBIDDEN');
    await refused(stranger, stranger.sign({ op: 'query', of: mine.voucherId }), 'VOUCHER_UNKNOWN');
    await refused(stranger, stranger.sign({ op: 'balance', walletId: 'wallet-1' }), 'WALLET_UNKNOWN');
    expect(await town.voucher(mine.voucherId)).toMatchObject({ status: 'ISSUED' });
    expect((await town.wallet()).balance).toBe(String(BigInt(before.balance) - 500n));
  });

  it('with another handset’s name, or signed with another key, is refused', async () => {
    const meter = town.meterWithoutPower();
    const before = await town.wallet();
    await refused(handset, handset.sign(wish(meter.meterId), { kid: other.id }), 'FORBIDDEN');
    await refused(handset, other.sign(wish(meter.meterId)), 'FORBIDDEN');
    await refused(handset, other.sign(wish(meter.meterId), { kid: handset.id }), 'BAD_SIGNATURE');
    expect(await town.wallet()).toEqual(before);
  });

  it('damaged on its way is refused, and the intact copy of it is issued', async () => {
    const meter = town.meterWithoutPower();
    const sent = handset.sign(wish(meter.meterId));
    const [header, payload, signature = ''] = sent.jws.split('.');
    const flipped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`;
    await refused(handset, { ...sent, jws: [header, payload, flipped].join('.') }, 'BAD_SIGNATURE');
    expect(await next(handset, sent)).toMatchObject({ status: 'issued' });
  });

  it('of a suspended handset is refused for ever, and a new one goes through once the suspension is lifted', async () => {
    const meter = town.meterWithoutPower();
    const late = await town.handset(await town.stranger('late', '1000'));
    const wanted = { ...wish(meter.meterId, '400'), walletId: late.walletId };
    const [before, sent] = [late.sign(wanted), late.sign(wanted)];
    const suspend = (suspended: boolean) =>
      town.order('agency', 'Suspend', { id: late.id, suspended, reason: 'test' });
    expect(await next(late, before)).toMatchObject({ status: 'issued' });
    expect(await suspend(true)).toBeUndefined();
    await refused(late, sent, 'SUSPENDED');
    await refused(late, late.sign({ op: 'balance', walletId: late.walletId }), 'SUSPENDED');
    expect(await next(late, before)).toMatchObject({ status: 'issued' });
    expect(await town.wallet(late.walletId)).toMatchObject({ balance: '600' });
    expect(await suspend(false)).toBeUndefined();
    await refused(late, sent, 'SUSPENDED');
    expect(await next(late, late.sign(wanted))).toMatchObject({ status: 'issued' });
  });

  it('of a handset whose agent is suspended spends nothing', async () => {
    const meter = town.meterWithoutPower();
    const late = await town.handset(await town.stranger('idle', '1000'));
    const sent = late.sign({ ...wish(meter.meterId), walletId: late.walletId });
    expect(
      await town.order('agency', 'Suspend', { id: 'agent-idle', suspended: true, reason: 'test' }),
    ).toBeUndefined();
    await refused(late, sent, 'SUSPENDED');
    expect(await town.wallet(late.walletId)).toMatchObject({ balance: '1000', held: '0' });
  });

  it('of a frozen wallet is refused', async () => {
    const meter = town.meterWithoutPower();
    const cold = await town.handset(await town.stranger('cold', '1000'));
    expect(
      await town.order('discom', 'FreezeWallet', { walletId: cold.walletId, frozen: true }),
    ).toBeUndefined();
    await refused(cold, cold.sign({ ...wish(meter.meterId), walletId: cold.walletId }), 'WALLET_STATE');
    expect(await town.wallet(cold.walletId)).toMatchObject({ balance: '1000', held: '0' });
  });
});

describe('a request that cannot be taken as it is', () => {
  it.each([
    ['for a meter that nobody registered', { meterId: '999999999' }, 'METER_UNKNOWN'],
    ['for a wallet that nobody opened', { walletId: 'none' }, 'WALLET_UNKNOWN'],
    ['for more than the policy allows', { amount: '10000001' }, 'AMOUNT_OUT_OF_RANGE'],
    ['for more than a voucher can be worth', { amount: '9007199254740992' }, 'BAD_REQUEST'],
    ['for nothing', { amount: '0' }, 'BAD_REQUEST'],
    ['for another ledger', { aud: 'elsewhere' }, 'WRONG_AUDIENCE'],
    ['with a field that does not exist', { tip: '5' }, 'BAD_REQUEST'],
    ['with an operation that does not exist', { op: 'mint' }, 'BAD_REQUEST'],
    ['without the field deliver', { deliver: undefined }, 'BAD_REQUEST'],
  ] as const)('%s is refused under its own id', async (_, change, code) => {
    const before = await town.wallet();
    await refused(handset, handset.sign({ ...wish('1'), ...change }), code);
    expect(await town.wallet()).toEqual(before);
  });

  it('since too many vouchers of the meter are open is refused, and so is its late copy', async () => {
    const meter = await town.meter();
    meter.device.powerOff();
    const bought: Sent[] = [];
    for (let voucher = 0; voucher < 16; voucher += 1)
      bought.push(handset.ask(wish(meter.meterId, '100', true)));
    for (const sent of bought) await handset.hears(sent, 'pending');
    const sent = handset.sign(wish(meter.meterId, '100', true));
    await refused(handset, sent, 'WINDOW_FULL');
    await meter.start();
    for (const one of bought) await handset.hears(one, 'settled');
    await refused(handset, sent, 'WINDOW_FULL');
    await handset.hears(handset.ask(wish(meter.meterId, '100', true)), 'settled');
    expect(meter.credited).toBe(1_700n);
  });

  it.each([
    ['garbage', 'no JWS at all'],
    ['nothing', ''],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0, 1, 2])],
    ['three empty parts', '..'],
    ['a long nothing', 'A'.repeat(16_000)],
    ['a JWS of nonsense', 'e30.e30.e30'],
  ])('since it is %s is refused under an empty id', async (_, bytes) => {
    const before = handset.resultsOf({ requestId: '' }).length;
    handset.send(bytes);
    const result = await until('an answer', () => handset.resultsOf({ requestId: '' })[before]);
    expect(result).toMatchObject({ requestId: '', status: 'refused', code: 'BAD_REQUEST' });
  });

  it('since its algorithm is none or its key another’s is refused', async () => {
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const payload = { aud: 'tapwatt-dev', requestId: 'r-none', at: 1, ...wish('1') };
    const signature = Buffer.alloc(64).toString('base64url');
    const jws = (alg: string) => `${encode({ alg, kid: handset.id })}.${encode(payload)}.${signature}`;
    const before = handset.heard.length;
    handset.send(jws('none'));
    const result = await until('an answer', () => handset.heard[before]);
    expect(result).toMatchObject({ status: 'refused', code: 'BAD_REQUEST' });
    await refused(handset, { requestId: 'r-none', jws: jws('EdDSA') }, 'BAD_SIGNATURE');
  });

  it('leaves no trace in the books, and the gateway ready', async () => {
    expect(await town.get('/api/v1/invariants')).toMatchObject({ ok: true });
    expect(await town.get('/health/ready')).toMatchObject({ state: 'ready' });
    expect(town.faults()).toEqual([]);
  });
});

it('nobody who is not registered gets as far as a request', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const [, , known] = town.fleet.handsets;
  if (known === undefined) throw new Error('The fleet has no handset.');
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const forger = await town.handset({ ...known, id: known.id, privateKey: pem });
  const meter = town.meterWithoutPower();
  await refused(forger, forger.sign(wish(meter.meterId)), 'BAD_SIGNATURE');
});
