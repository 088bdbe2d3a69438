import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { meterId as asMeterId, RESULT, topics } from '@tapwatt/firmware-contracts';
import type { Behaviour } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTown, type RawHandset, type Town, type TownMeter } from './town.ts';
import { until } from './until.ts';

const HOUR_S = 3_600;
const BALANCE_LIMIT = 100_000n;

let directory: string;
let town: Town;
let handset: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 16, handsets: 1, balanceLimit: String(BALANCE_LIMIT) });
  handset = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const wish = (meterId: string, amount = '500') =>
  ({ op: 'issue', walletId: 'wallet-1', meterId, amount, deliver: true }) as const;
const statusesOf = (sent: { requestId: string }) => handset.resultsOf(sent).map(({ status }) => status);

/** Loses power at the first message that `when` picks, which is lost too. */
const cutOnce = (meter: TownMeter, direction: 'incoming' | 'outgoing'): Behaviour => {
  let isCut = false;
  const pass = <C extends string>(channel: C, wanted: string): boolean => {
    if (isCut || channel !== wanted) return true;
    isCut = true;
    meter.device.powerOff();
    return false;
  };
  return direction === 'incoming'
    ? { incoming: (message) => (pass(message.channel, 'vch') ? [message] : []) }
    : { outgoing: (message) => (pass(message.channel, 'rcpt') ? [message] : []) };
};

describe('a meter that goes away in the middle', () => {
  it.each([
    ['before it decides', 'incoming'],
    ['after its commit and before its receipt leaves', 'outgoing'],
  ] as const)('%s leaves the voucher pending until it is back, and credits once', async (_, direction) => {
    const meter = await town.meter();
    meter.behave(cutOnce(meter, direction));
    const sent = handset.ask(wish(meter.meterId));
    await handset.hears(sent, 'pending');
    expect(statusesOf(sent)).toEqual(['issued', 'accepted', 'pending']);
    await meter.start();
    const before = meter.receipts().filter(({ result }) => result === RESULT.APPLIED).length;
    expect(before).toBeLessThanOrEqual(1);
    await handset.hears(sent, 'settled');
    expect(statusesOf(sent).slice(-2)).toEqual(['on-meter', 'settled']);
    expect(meter.credited).toBe(500n);
    await until('the acknowledgement', () => meter.acknowledged === 1 || undefined);
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ settled: '500', open: [] });
  });

  it('before the voucher comes takes it when it says hello', async () => {
    const meter = town.meterWithoutPower();
    const sent = handset.ask(wish(meter.meterId));
    await handset.hears(sent, 'pending');
    expect(statusesOf(sent)).toEqual(['issued', 'pending']);
    await meter.start();
    await handset.hears(sent, 'settled');
    expect(meter.credited).toBe(500n);
  });

  it('again and again takes each voucher once', async () => {
    const meter = await town.meter();
    const sent = Array.from({ length: 8 }, () => handset.ask(wish(meter.meterId, '100')));
    for (let cut = 0; cut < 4; cut += 1) {
      await until('a receipt', () => meter.said('rcpt').length > cut || undefined);
      meter.device.powerOff();
      await meter.start();
    }
    for (const one of sent) await handset.hears(one, 'settled');
    expect(meter.credited).toBe(800n);
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ settled: '800', open: [] });
  });

  it('while the gateway is stopped says its receipt when both are back', async () => {
    const meter = await town.meter();
    meter.behave(cutOnce(meter, 'outgoing'));
    const sent = handset.ask(wish(meter.meterId));
    await handset.hears(sent, 'pending');
    await town.stopGateway();
    await town.startGateway();
    await meter.start();
    const { voucherId = '' } = handset.resultsOf(sent)[0] ?? {};
    await town.voucherIs(voucherId, 'REDEEMED');
    handset.send(sent.jws);
    await handset.hears(sent, 'settled');
    expect(meter.credited).toBe(500n);
  });
});

describe('a voucher past its date', () => {
  it('is cancelled at the meter’s word, voided by it, and the money is back', async () => {
    const meter = await town.meter();
    const before = await town.wallet();
    await until('the gateway’s time', () => meter.device.state?.clock.trust === 2 || undefined);
    const sent = handset.ask({ ...wish(meter.meterId), expiresAt: 1 });
    const voided = await handset.hears(sent, 'voided');
    expect(statusesOf(sent)).toEqual(['issued', 'accepted', 'pending', 'cancelling', 'voided']);
    expect(await handset.hears(sent, 'pending')).toMatchObject({ code: 'EXPIRED' });
    expect(await town.voucher(voided.voucherId ?? '')).toMatchObject({ status: 'VOIDED' });
    expect(meter.credited).toBe(0n);
    expect(await town.wallet()).toEqual(before);
  });

  it('is taken all the same by a meter that has no clock to trust', async () => {
    const meter = town.meterWithoutPower();
    meter.behave({ incoming: (message) => (message.channel === 'time' ? [] : [message]) });
    await meter.start();
    const sent = handset.ask({ ...wish(meter.meterId), expiresAt: 1 });
    await handset.hears(sent, 'settled');
    expect(meter.credited).toBe(500n);
  });
});

describe('a voucher over the meter’s limit', () => {
  it('is pending, and taken once credit is used up and the meter says hello', async () => {
    const meter = await town.meter();
    await handset.hears(handset.ask(wish(meter.meterId, String(BALANCE_LIMIT))), 'settled');
    const sent = handset.ask(wish(meter.meterId));
    const pending = await handset.hears(sent, 'pending');
    expect(pending).toMatchObject({ code: 'OVER_LIMIT' });
    expect(await town.voucher(pending.voucherId ?? '')).toMatchObject({ status: 'ISSUED' });
    expect(meter.credited).toBe(BALANCE_LIMIT);
    meter.device.tick(200 * HOUR_S * 1_000);
    expect(meter.device.balance).toBeLessThan(BALANCE_LIMIT - 500n);
    meter.device.powerOff();
    await meter.start();
    await handset.hears(sent, 'settled');
    expect(meter.credited).toBe(BALANCE_LIMIT + 500n);
  });
});

describe('a meter that lost its memory', () => {
  it('is quarantined, takes nothing, and its voucher waits', async () => {
    const meter = town.meterWithoutPower();
    const sent = handset.ask(wish(meter.meterId));
    const { voucherId = '' } = await handset.hears(sent, 'pending');
    meter.wipe();
    await meter.start();
    await until('the quarantine', async () =>
      (await town.ledgerMeter(meter.meterId)).quarantined ? true : undefined,
    );
    expect(await handset.askUntil(wish(meter.meterId), 'refused')).toMatchObject({ code: 'METER_STATE' });
    expect(await town.voucher(voucherId)).toMatchObject({ status: 'ISSUED' });
    expect(meter.credited).toBe(0n);
  });
});

describe('a meter that says nonsense', () => {
  it('in readings and events disturbs nobody', async () => {
    const meter = await town.meter();
    const up = topics(town.fleet.site).meter(asMeterId(meter.meterId)).up;
    for (const text of ['', '{', '[]', 'null', '{"balance":5}', '{"balance":"x"}', 'x'.repeat(10_000)]) {
      meter.say(up('tele'), new TextEncoder().encode(text));
      meter.say(up('evt'), new TextEncoder().encode(text));
    }
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    expect(meter.credited).toBe(500n);
  });
});

it('the books are right after all of it, and no fault is in the log', async () => {
  expect(await town.get('/api/v1/invariants')).toMatchObject({ ok: true });
  expect(town.faults()).toEqual([]);
});
