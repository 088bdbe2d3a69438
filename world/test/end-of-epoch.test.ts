import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeReceipt, RESULT, VOUCHER_KIND } from '@tapwatt/firmware-contracts';
import { silent } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTown, type RawHandset, type Town, type TownMeter } from './town.ts';
import { until } from './until.ts';

let directory: string;
let town: Town;
let handset: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  town = await openTown({ directory, meters: 12, handsets: 1 });
  handset = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

const wish = (meterId: string, amount = '500') =>
  ({ op: 'issue', walletId: 'wallet-1', meterId, amount, deliver: true }) as const;

const rotate = (meter: TownMeter, reason = 'test') =>
  town.order('discom', 'RotateMeterKey', { meterId: meter.meterId, reason });
const close = (meter: TownMeter) =>
  town.order('discom', 'CloseMeter', { meterId: meter.meterId, reason: 'moved out' });

const inEpoch = (meter: TownMeter, keyEpoch: number) =>
  until(`meter ${meter.meterId} to be in epoch ${keyEpoch}`, async () => {
    const record = await town.ledgerMeter(meter.meterId);
    return record.keyEpoch === keyEpoch && record.order === undefined ? record : undefined;
  });

/** Buys without delivery, as an agent does that prints vouchers; the meter must not be there, or a sweep brings them. */
const printed = (meter: TownMeter, amount: string) => handset.buy(meter.meterId, amount);

describe('an order to change a meter’s key', () => {
  it('moves the meter to the next epoch, where new vouchers work', async () => {
    const meter = await town.meter();
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    expect(await rotate(meter)).toBeUndefined();
    expect(await inEpoch(meter, 2)).toMatchObject({ nextSeq: 1, open: [], settled: '500' });
    const settled = await handset.hears(handset.ask(wish(meter.meterId, '700')), 'settled');
    expect(await town.voucher(settled.voucherId ?? '')).toMatchObject({ keyEpoch: 2, seq: 1 });
    expect(meter.credited).toBe(1_200n);
    await until('the acknowledgement', () => meter.acknowledged === 3 || undefined);
  });

  it('twice in a row moves it twice', async () => {
    const meter = await town.meter();
    for (const keyEpoch of [2, 3]) {
      expect(await rotate(meter, `to ${keyEpoch}`)).toBeUndefined();
      await inEpoch(meter, keyEpoch);
    }
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    expect(meter.credited).toBe(500n);
  });

  it('voids what was open and never taken, and the money is back', async () => {
    const meter = town.meterWithoutPower();
    const before = await town.wallet();
    const first = await printed(meter, '100');
    const second = await printed(meter, '200');
    expect(await rotate(meter)).toBeUndefined();
    // The order overtakes the vouchers: the meter hears it first.
    let heard = 0;
    meter.behave({
      incoming: (message) => {
        const isVoucher = message.channel === 'vch';
        const isOrder = isVoucher && message.payload[1] === VOUCHER_KIND.NEW_EPOCH;
        if (isOrder) heard += 1;
        return isVoucher && heard === 0 ? [] : [message];
      },
    });
    await meter.start();
    await inEpoch(meter, 2);
    for (const { voucherId } of [first, second]) await town.voucherIs(voucherId, 'VOIDED');
    expect(meter.credited).toBe(0n);
    expect(await town.wallet()).toEqual(before);
    const again = handset.ask({ op: 'redeem', voucher: first.voucher });
    await handset.hears(again, 'voided');
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
  });

  it('settles what the meter had taken before it heard of the order', async () => {
    const meter = await town.meter();
    meter.behave(silent);
    const sent = handset.ask(wish(meter.meterId));
    await until('the credit', () => meter.credited === 500n || undefined);
    expect(await rotate(meter)).toBeUndefined();
    await until('the new epoch', () => (meter.device.state?.meter.record?.keyEpoch === 2 ? true : undefined));
    meter.device.powerOff();
    meter.behave({});
    await meter.start();
    await handset.hears(sent, 'settled');
    expect(await inEpoch(meter, 2)).toMatchObject({ settled: '500', open: [] });
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    expect(meter.credited).toBe(1_000n);
  });

  it('refuses vouchers and a second order until the meter has taken it', async () => {
    const meter = town.meterWithoutPower();
    expect(await rotate(meter)).toBeUndefined();
    const late = handset.sign(wish(meter.meterId));
    handset.send(late.jws);
    expect(await handset.hears(late, 'refused')).toMatchObject({ code: 'METER_STATE' });
    expect(await rotate(meter, 'again')).toMatchObject({ code: 'ORDER_PENDING' });
    expect(await rotate(meter)).toBeUndefined();
    await meter.start();
    await inEpoch(meter, 2);
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    expect(meter.credited).toBe(500n);
  });

  it('survives a restart of the gateway and a loss of power in the middle', async () => {
    const meter = await town.meter();
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    meter.behave({
      outgoing: (message) => {
        const decoded = message.channel === 'rcpt' ? decodeReceipt(message.payload) : undefined;
        const isEnd = decoded?.ok === true && decoded.fields.kind === VOUCHER_KIND.NEW_EPOCH;
        if (isEnd) meter.device.powerOff();
        return isEnd ? [] : [message];
      },
    });
    expect(await rotate(meter)).toBeUndefined();
    await until('the loss of power', () => (meter.device.isPowered ? undefined : true));
    await town.stopGateway();
    await town.startGateway();
    expect((await town.ledgerMeter(meter.meterId)).order).toBeDefined();
    meter.behave({});
    await meter.start();
    expect(await inEpoch(meter, 2)).toMatchObject({ quarantined: false });
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    expect(meter.credited).toBe(1_000n);
  });

  it('is refused to whoever may not give it', async () => {
    const meter = town.meterWithoutPower();
    const wrong = { meterId: meter.meterId, reason: 'test' };
    expect(await town.order('bank', 'RotateMeterKey', wrong)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await town.order('agency', 'CloseMeter', wrong)).toMatchObject({ code: 'FORBIDDEN' });
    expect(await town.order('discom', 'RotateMeterKey', { ...wrong, meterId: '987654321' })).toMatchObject({
      code: 'METER_UNKNOWN',
    });
    expect((await town.ledgerMeter(meter.meterId)).order).toBeUndefined();
  });
});

describe('an order to close a meter', () => {
  it('closes it, voids what was open, and refuses vouchers for ever', async () => {
    const meter = await town.meter();
    await handset.hears(handset.ask(wish(meter.meterId)), 'settled');
    const before = await town.wallet();
    meter.device.powerOff();
    const { voucherId, voucher } = await printed(meter, '300');
    expect(await close(meter)).toBeUndefined();
    let isClosed = false;
    meter.behave({
      incoming: (message) => {
        isClosed ||= message.channel === 'vch' && message.payload[1] === VOUCHER_KIND.CLOSE;
        return message.channel === 'vch' && !isClosed ? [] : [message];
      },
    });
    await meter.start();
    await until('the end', async () => ((await town.ledgerMeter(meter.meterId)).closed ? true : undefined));
    await town.voucherIs(voucherId, 'VOIDED');
    expect(await town.wallet()).toEqual(before);
    expect(await handset.askUntil(wish(meter.meterId), 'refused')).toMatchObject({ code: 'METER_STATE' });
    expect(await handset.askUntil({ op: 'redeem', voucher }, 'voided')).toMatchObject({ voucherId });
    expect(await rotate(meter)).toMatchObject({ code: 'METER_STATE' });
    expect(meter.device.state?.relayClosed).toBe(false);
    expect(meter.credited).toBe(500n);
    expect(meter.receipts().some(({ result }) => result === RESULT.VOIDED)).toBe(true);
  });
});

it('the books are right after all of it, and no fault is in the log', async () => {
  expect(await town.get('/api/v1/invariants')).toMatchObject({ ok: true });
  expect(town.faults()).toEqual([]);
});
