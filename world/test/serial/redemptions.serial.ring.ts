import { bytesToHex, encodeCommand, hexToBytes, INS, meterCommand } from '@tapwatt/firmware-contracts';
import { checkInvariants } from '@tapwatt/gateway';
import {
  GOOD_LINE,
  type LineBehaviour,
  losingLine,
  type Meter,
  meterCard,
  noisyLine,
  repeatingLine,
  seededRandom,
  slowLine,
} from '@tapwatt/simulator';
import { afterEach, describe, expect, it } from 'vitest';
import { outcomesOf, phone } from '../phone.ts';
import type { RawHandset } from '../raw-handset.ts';
import { acknowledgedOf, creditOf, readerOf } from '../tapped-meter.ts';
import { until } from '../until.ts';
import { type LineOfMeters, type LineOptions, openLineOfMeters } from './line-of-meters.ts';

const AMOUNT = 500n;
const FUNDS = 1_000_000n;
const SLOW_MS = 30_000;

let town: LineOfMeters;
let handset: RawHandset;
afterEach(() => town?.close());

const open = async (options: LineOptions = {}): Promise<void> => {
  town = await openLineOfMeters(options);
  handset = await town.sites.a.handset();
  await town.found(options.meters ?? 1);
};

const buyFor = (meterId = '1') =>
  handset.ask({ op: 'issue', walletId: 'wallet', meterId, amount: String(AMOUNT), deliver: true });

const ledger = () => town.sites.books;

/** Every meter has its vouchers once, and so has the ledger, and each heard that it was acknowledged. */
const settledOnce = async (vouchers = 1): Promise<void> => {
  for (const [index, meter] of town.meters.entries()) {
    const meterId = String(index + 1);
    const sum = AMOUNT * BigInt(vouchers);
    await until(
      `meter ${meterId} to be settled and acknowledged`,
      async () => {
        const now = await ledger().evaluate('GetMeter', { meterId });
        return (now?.open.length === 0 && acknowledgedOf(meter) === vouchers) || undefined;
      },
      SLOW_MS,
    );
    expect(creditOf(meter)).toBe(sum);
    expect(await ledger().evaluate('GetMeter', { meterId })).toMatchObject({ settled: String(sum) });
  }
  const spent = AMOUNT * BigInt(vouchers * town.meters.length);
  const wallet = await ledger().evaluate('GetWallet', { walletId: 'wallet' });
  expect(wallet).toMatchObject({ held: '0', balance: String(FUNDS - spent) });
};

const heardEnd = (bought: ReturnType<typeof buyFor>) =>
  until(
    `the end of ${bought.requestId}`,
    () => handset.resultsOf(bought).find(({ status }) => status === 'settled'),
    SLOW_MS,
  );

const commandsOf = (): readonly number[] =>
  town.seen.flatMap((one) => (one.type === 'command' ? [one.frame.apdu[1] ?? -1] : []));

describe('a meter on a serial line', () => {
  it('is found, gets its voucher as soon as it is bought, and is acknowledged; the handset hears each step', async () => {
    await open();
    const before = commandsOf().length;
    const bought = buyFor();
    await heardEnd(bought);
    await settledOnce();
    const steps = handset.resultsOf(bought).map(({ status }) => status);
    expect([...new Set(steps)]).toEqual(['issued', 'accepted', 'on-meter', 'settled']);
    expect(commandsOf().slice(before)).toContain(INS.COMMIT);
    expect(town.meters[0]?.state?.clock.trust).toBe(1);
  });

  it('shares its line with others, also with addresses where nobody is', async () => {
    await open({ meters: 4, config: { searchTo: 6 } });
    const bought = ['1', '2', '3', '4', '4', '3', '2', '1'].map(buyFor);
    await Promise.all(bought.map(heardEnd));
    await settledOnce(2);
  });

  it('gets what was bought while it had no power', async () => {
    await open({ meters: 2 });
    town.meters[0]?.powerOff();
    await town.found(1);
    const bought = [buyFor('1'), buyFor('2')];
    await Promise.all([
      handset.hears(bought[0] ?? { requestId: '' }, 'pending'),
      ...bought.slice(1).map(heardEnd),
    ]);
    town.meters[0]?.powerOn();
    await Promise.all(bought.map(heardEnd));
    await settledOnce();
  });

  it('takes the void order of a voucher that was cancelled', async () => {
    await open();
    town.meters[0]?.powerOff();
    await town.found(0);
    const { voucherId } = await handset.hears(buyFor(), 'pending');
    const cancel = handset.ask({ op: 'cancel', voucherId });
    await handset.hears(cancel, 'cancelling');
    town.meters[0]?.powerOn();
    await until(
      'the void',
      () => handset.resultsOf(cancel).find(({ status }) => status === 'voided'),
      SLOW_MS,
    );
    expect(town.meters.map(creditOf)).toEqual([0n]);
  });
});

/** Commands and answers of a redemption: SELECT, STATUS, SET TIME, PUT, COMMIT, ACK, and those of the visit after it. */
const FRAMES = Array.from({ length: 14 }, (_, index) => index);

describe('a redemption on a serial line', () => {
  it.each(FRAMES)('whose frame %i is lost is one credit and one settlement', async (lost) => {
    await open();
    town.line.misbehave(losingLine((index) => index === lost));
    await heardEnd(buyFor());
    await settledOnce();
  });

  it('of which every fifth frame is lost, by chance, is one credit and one settlement', async () => {
    await open();
    const chance = seededRandom(11);
    town.line.misbehave(losingLine(() => chance.below(5) === 0));
    await heardEnd(buyFor());
    await settledOnce();
  });

  const behaviours: readonly (readonly [string, LineBehaviour])[] = [
    ['whose commands are heard twice', repeatingLine(2)],
    ['whose transceiver echoes', { echoes: true }],
    ['whose meter takes its time', slowLine(400)],
    ['with noise on it', noisyLine(0.001, seededRandom(7))],
  ];
  it.each(behaviours)('on a line %s is one credit and one settlement', async (_, behaviour) => {
    await open();
    town.line.misbehave(behaviour);
    for (const bought of [buyFor(), buyFor(), buyFor()]) await heardEnd(bought);
    town.line.misbehave(GOOD_LINE);
    await settledOnce(3);
  });

  it.each([INS.PUT_VOUCHER, INS.COMMIT, INS.ACK])(
    'whose meter loses its power right after command %i is one credit and one settlement',
    async (ins) => {
      await open();
      let isOff = false;
      town.line.misbehave({
        command: (frame) => {
          if (isOff || frame.apdu[1] !== ins) return [frame];
          isOff = true;
          setImmediate(() => {
            town.meters[0]?.powerOff();
            town.meters[0]?.powerOn();
          });
          return [frame];
        },
      });
      await heardEnd(buyFor());
      await settledOnce();
    },
  );

  it.each([INS.PUT_VOUCHER, INS.COMMIT])(
    'whose adapter is pulled out over command %i and put back is one credit and one settlement',
    async (ins) => {
      await open();
      const pulled = Promise.withResolvers<void>();
      let isPulled = false;
      town.line.misbehave({
        command: (frame) => {
          if (isPulled || frame.apdu[1] !== ins) return [frame];
          isPulled = true;
          town.pair.cut().then(pulled.resolve, pulled.reject);
          return [frame];
        },
      });
      const bought = buyFor();
      await pulled.promise;
      await until('the gateway to see it', () => town.link.view().lines[0]?.state === 'away' || undefined);
      expect(town.sites.a.gateway.redemptions.isReachable('1')).toBe(false);
      await town.pair.mend();
      await heardEnd(bought);
      await settledOnce();
      const states = town.events.flatMap((event) => (event.type === 'line' ? [event.state.state] : []));
      expect(states.filter((state, index) => state !== states[index - 1])).toEqual(['open', 'away', 'open']);
    },
  );

  it('goes on also where the adapter is pulled out ten times', async () => {
    await open();
    for (let times = 0; times < 10; times += 1) {
      await town.pair.cut();
      await town.pair.mend();
    }
    await heardEnd(buyFor());
    await settledOnce();
  });

  it('at 9600 baud, byte by byte, is one credit and one settlement', async () => {
    await open({ config: { baudRate: 9_600 }, isPaced: true });
    await heardEnd(buyFor());
    await settledOnce();
  });
});

describe('one voucher by two ways at once', () => {
  it('over MQTT and on the serial line is one credit and one settlement', async () => {
    await open({ meters: 2, areOnline: true });
    const bought: ReturnType<typeof buyFor>[] = [];
    // MQTT is ever slower, from long before the line to long after it.
    for (const delayMs of [0, 20, 40, 60, 80, 160]) {
      for (const meter of town.meters) meter.misbehave({ incoming: (message) => [{ ...message, delayMs }] });
      const both = ['1', '2'].map(buyFor);
      await Promise.all(both.map(heardEnd));
      bought.push(...both);
    }
    await settledOnce(6);
    for (const one of bought) {
      const steps = handset.resultsOf(one).map(({ status }) => status);
      expect(steps.filter((step) => step === 'on-meter' || step === 'settled')).toHaveLength(2);
    }
    expect(commandsOf()).toContain(INS.COMMIT);
  });

  it('is on the meter also where MQTT has it and nobody answers there', async () => {
    await open({ areOnline: true });
    town.meters[0]?.misbehave({ incoming: () => [] });
    await heardEnd(buyFor());
    await settledOnce();
  });

  const isPutOnLine = (): boolean => commandsOf().includes(INS.PUT_VOUCHER);
  const isCredited = (): boolean => town.meters.some((meter) => creditOf(meter) > 0n);
  const begins = [
    ['before anybody', () => true, 160],
    ['amid the tap of the line', isPutOnLine, 160],
    ['when MQTT or the line has it', isCredited, 0],
  ] as const;
  it.each(begins)(
    'or by every way, reader and phone %s, and all again, is one credit and one settlement',
    async (_, mayBegin, delayMs) => {
      await open({ areOnline: true });
      town.line.misbehave(slowLine(50));
      for (const meter of town.meters) meter.misbehave({ incoming: (message) => [{ ...message, delayMs }] });
      const ways = await everyWay(mayBegin);
      await ways.atOnce();
      await settledOnce();
      const { voucherId } = ways;
      const first = await ledger().evaluate('CheckVoucher', { voucherId });
      expect(first).toMatchObject({ status: 'REDEEMED' });
      await ways.atOnce();
      await settledOnce();
      expect(await ledger().evaluate('CheckVoucher', { voucherId })).toEqual(first);
      const { breaches } = await checkInvariants(ledger(), { signal: AbortSignal.timeout(SLOW_MS) });
      expect(breaches).toEqual([]);
    },
  );

  it('on the line here, and by a courier at another gateway that has never seen the meter', async () => {
    await open();
    const [meter] = town.meters;
    const courier = await town.sites.b.handset();
    const bought = buyFor();
    await heardEnd(bought);
    const receipt = meter === undefined ? undefined : receiptFromRing(meter);
    const handedIn = courier.ask({ op: 'receipts', receipts: [receipt ?? ''] });
    expect(await courier.hears(handedIn, 'settled')).toMatchObject({ outcomes: [{ outcome: 'redeemed' }] });
    await settledOnce();
  });
});

/** One voucher for meter 1, and all the ways that it can take, each to its end; those of hands wait until they may begin. */
const everyWay = async (mayBegin: () => boolean) => {
  const [meter] = town.meters;
  if (meter === undefined) throw new Error('The line has no meter.');
  const { gateway } = town.sites.a;
  const elsewhere = await town.sites.b.handset();
  const { voucherId, voucher } = await handset.buy('1', String(AMOUNT));
  const { courier, tap, inHand } = phone();

  /** The meter is asked on its line at once; over MQTT it gets the voucher as well. */
  const onLineAndMqtt = async (): Promise<void> => {
    const sent = handset.ask({ op: 'redeem', voucher });
    expect(town.link.wake('1')).toBe(true);
    await heardEnd(sent);
  };
  const atReader = async (): Promise<void> => {
    const limits = { tapMs: 10_000, commandMs: 2_000, planMs: 2_000, lingerMs: 0 };
    const { transmit } = readerOf(meterCard(meter, 'reader'));
    await until('the reader’s turn', () => mayBegin() || undefined);
    expect(await gateway.taps.nfc.tap(transmit, limits)).toMatchObject({ end: 'done' });
  };
  const atCounter = async (): Promise<void> => {
    let last: object = {};
    for await (const step of gateway.local.redeem(hexToBytes(voucher), AbortSignal.timeout(SLOW_MS)))
      last = step;
    expect(last).toMatchObject({ status: 'settled', redemptionId: voucherId });
  };
  const byCourier = async (): Promise<void> => {
    courier.keep(voucher);
    await until('the phone’s turn', () => mayBegin() || undefined);
    expect((await tap(meter)).end).toBe('done');
    const handedIn = await elsewhere.askUntil({ op: 'receipts', receipts: inHand }, 'settled');
    for (const outcome of outcomesOf(handedIn))
      expect(outcome).toMatchObject({ outcome: 'redeemed', voucherId });
  };
  return { voucherId, atOnce: () => Promise.all([onLineAndMqtt(), atReader(), atCounter(), byCourier()]) };
};

/** The meter's first receipt, as anybody who taps it gets it. */
const receiptFromRing = (meter: Meter): string => {
  const answer = meterCard(meter, 'courier').transmit(
    encodeCommand(meterCommand('GET_RECEIPT', Uint8Array.of(0, 0, 0, 1))),
  );
  return bytesToHex((answer ?? new Uint8Array(0)).subarray(0, -2));
};
