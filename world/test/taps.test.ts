import { INS, RESULT } from '@tapwatt/firmware-contracts';
import type { TapOptions } from '@tapwatt/gateway';
import { type Meter, meterCard } from '@tapwatt/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RawHandset } from './raw-handset.ts';
import { acknowledgedOf, creditOf, meterWithoutNetwork, readerOf, type Tear } from './tapped-meter.ts';
import { openSites, type Sites } from './two-sites.ts';
import { NEVER_MS, until } from './until.ts';

const LIMITS: TapOptions = { tapMs: 10_000, commandMs: 2_000, planMs: 2_000, lingerMs: 2_000 };
const AT_ONCE: TapOptions = { ...LIMITS, lingerMs: 0 };
/** SELECT, STATUS, SET TIME, PUT, COMMIT, then the acknowledgement of what it brought. */
const WHOLE = [INS.SELECT, INS.GET_STATUS, INS.SET_TIME, INS.PUT_VOUCHER, INS.COMMIT, INS.ACK];
/** The tap after one that was not acknowledged, with a further voucher; the meter has the time already. */
const LATER = [
  ...[INS.SELECT, INS.GET_STATUS, INS.PUT_VOUCHER, INS.COMMIT],
  ...[INS.GET_RECEIPT, INS.ACK, INS.ACK],
];

let sites: Sites;
let handset: RawHandset;
beforeEach(async () => {
  sites = await openSites({ meters: 1, sweepMs: NEVER_MS });
  handset = await sites.a.handset();
});
afterEach(() => sites?.close());

const offline = (): Meter => meterWithoutNetwork(sites.a.fleet, sites.a.fleet.meters[0]);
const buy = () =>
  handset.ask({ op: 'issue', walletId: 'wallet', meterId: '1', amount: '500', deliver: true });
const tap = (meter: Meter, options: TapOptions = LIMITS, tear?: Tear) => {
  const reader = readerOf(meterCard(meter, 'reader'), tear);
  return sites.a.gateway.taps.nfc
    .tap(reader.transmit, options)
    .then((report) => ({ ...report, said: reader.said }));
};
const wallet = () => sites.books.evaluate('GetWallet', { walletId: 'wallet' });
const settledOnce = async (meter: Meter, vouchers = 1): Promise<void> => {
  const sum = 500n * BigInt(vouchers);
  expect(creditOf(meter)).toBe(sum);
  const { open, settled } = await until('the ledger to have settled it', async () => {
    const now = await sites.ledgerMeter('1');
    return now.open.length === 0 ? now : undefined;
  });
  expect([open, settled]).toEqual([[], String(sum)]);
  expect(await wallet()).toMatchObject({ held: '0', balance: String(1_000_000n - sum) });
};

describe('a meter that is tapped', () => {
  it('gets its time and its voucher, and is acknowledged at the same tap; the handset hears each step', async () => {
    const meter = offline();
    const bought = buy();
    await handset.hears(bought, 'pending');
    const report = await tap(meter);
    expect(report).toMatchObject({ end: 'done', meterId: '1', receipts: 1, commands: WHOLE.length });
    expect(report.shown).toMatchObject([{ result: RESULT.APPLIED }]);
    expect(report.said).toEqual(WHOLE);
    await handset.hears(bought, 'settled');
    const steps = handset.resultsOf(bought).map(({ status }) => status);
    expect([...new Set(steps)]).toEqual(['issued', 'pending', 'accepted', 'on-meter', 'settled']);
    expect(meter.state?.clock.trust).toBe(1);
    expect(acknowledgedOf(meter)).toBe(1);
    await settledOnce(meter);
  });

  it('is acknowledged at the next tap where it was taken away at once', async () => {
    const meter = offline();
    const bought = buy();
    await handset.hears(bought, 'pending');
    await tap(meter, AT_ONCE);
    expect(acknowledgedOf(meter)).toBe(0);
    await handset.hears(bought, 'settled');
    const again = await tap(meter);
    expect(again.said).toEqual([INS.SELECT, INS.GET_STATUS, INS.GET_RECEIPT, INS.ACK]);
    expect(acknowledgedOf(meter)).toBe(1);
    await settledOnce(meter);
  });

  it('has nothing more to hear when all is settled', async () => {
    const meter = offline();
    await handset.hears(buy(), 'pending');
    await tap(meter);
    expect((await tap(meter)).said).toEqual([INS.SELECT, INS.GET_STATUS]);
    await settledOnce(meter);
  });

  it('takes a voucher that was bought while it is at hand', async () => {
    const meter = offline();
    await handset.hears(buy(), 'pending');
    const reader = readerOf(meterCard(meter, 'reader'));
    let second: ReturnType<typeof buy> | undefined;
    await sites.a.gateway.taps.nfc.tap(async (command, options) => {
      if (command[1] === INS.COMMIT && second === undefined) {
        second = buy();
        await handset.hears(second, 'accepted');
      }
      return reader.transmit(command, options);
    }, LIMITS);
    await settledOnce(meter, 2);
  });

  it('takes the void order of a voucher that was cancelled', async () => {
    const meter = offline();
    const { voucherId } = await handset.hears(buy(), 'pending');
    const cancel = handset.ask({ op: 'cancel', voucherId });
    await handset.hears(cancel, 'cancelling');
    expect((await tap(meter)).shown).toMatchObject([{ result: RESULT.VOIDED }]);
    await handset.hears(cancel, 'voided');
    expect(creditOf(meter)).toBe(0n);
  });
});

describe('a tap that is torn', () => {
  it.each(
    WHOLE.flatMap((_, at) => [
      { at, heard: false },
      { at, heard: true },
    ]),
  )('at %o, and repeated, is one credit and one settlement', async (tear) => {
    const meter = offline();
    const bought = buy();
    await handset.hears(bought, 'pending');
    expect((await tap(meter, LIMITS, tear)).end).toBe('torn');
    const steps = handset.resultsOf(bought).map(({ status }) => status);
    if (creditOf(meter) === 0n) expect(steps).not.toContain('on-meter');
    expect((await tap(meter)).end).toBe('done');
    expect((await tap(meter)).end).toBe('done');
    await handset.hears(bought, 'settled');
    expect(acknowledgedOf(meter)).toBe(1);
    await settledOnce(meter);
  });

  /** A meter with one voucher that is settled and not acknowledged, and another that waits for it. */
  const owedAndWaiting = async () => {
    const meter = offline();
    const first = buy();
    await handset.hears(first, 'pending');
    await tap(meter, AT_ONCE);
    await handset.hears(first, 'settled');
    const second = buy();
    await handset.hears(second, 'pending');
    return { meter, first, second };
  };

  it('after one that was not acknowledged, asks for the receipt that is owed, when it is whole', async () => {
    const { meter } = await owedAndWaiting();
    expect((await tap(meter)).said).toEqual(LATER);
    expect(acknowledgedOf(meter)).toBe(2);
    await settledOnce(meter, 2);
  });

  it.each(
    LATER.flatMap((_, at) => [
      { at, heard: false },
      { at, heard: true },
    ]),
  )(
    'at %o after one that was not acknowledged, and repeated, is one credit and one settlement of each',
    async (tear) => {
      const { meter, first, second } = await owedAndWaiting();
      expect((await tap(meter, LIMITS, tear)).end).toBe('torn');
      expect((await tap(meter)).end).toBe('done');
      expect((await tap(meter)).end).toBe('done');
      await handset.hears(second, 'settled');
      expect(acknowledgedOf(meter)).toBe(2);
      for (const bought of [first, second]) {
        const steps = handset.resultsOf(bought).map(({ status }) => status);
        expect(steps.filter((step) => step === 'settled')).toHaveLength(1);
      }
      await settledOnce(meter, 2);
    },
  );

  it('by a meter that does not answer ends by its deadline', async () => {
    const report = await sites.a.gateway.taps.nfc.tap(() => new Promise(() => undefined), {
      ...LIMITS,
      commandMs: 5,
    });
    expect(report).toMatchObject({ end: 'torn', commands: 1, cause: { code: 'DEADLINE' } });
  });
});

describe('one voucher by two ways at once', () => {
  it('over MQTT and at the reader is one credit and one settlement', async () => {
    const onLine = await sites.a.meter(0);
    const bought = buy();
    await Promise.all([tap(onLine.device), tap(onLine.device), handset.hears(bought, 'settled')]);
    await tap(onLine.device);
    const steps = handset.resultsOf(bought).map(({ status }) => status);
    expect([...new Set(steps)]).toEqual(['issued', 'accepted', 'on-meter', 'settled']);
    expect(steps.filter((step) => step === 'on-meter' || step === 'settled')).toHaveLength(2);
    await settledOnce(onLine.device);
    expect(sites.a.gateway.redemptions.isReachable('1', 'mqtt')).toBe(true);
    expect(sites.a.gateway.redemptions.isReachable('1', 'nfc')).toBe(false);
    expect(onLine.receipts().filter(({ result }) => result === RESULT.APPLIED).length).toBeLessThanOrEqual(2);
  });

  it('at two readers is one credit and one settlement', async () => {
    const meter = offline();
    const bought = buy();
    await handset.hears(bought, 'pending');
    const cards = ['left', 'right'].map((name) => readerOf(meterCard(meter, name)));
    const taps = cards.map(({ transmit }) => sites.a.gateway.taps.nfc.tap(transmit, LIMITS));
    expect((await Promise.all(taps)).map(({ end }) => end)).toEqual(['done', 'done']);
    await handset.hears(bought, 'settled');
    await settledOnce(meter);
  });

  it('is shown at the reader also while the broker has it and nobody answers there', async () => {
    const onLine = await sites.a.meter(0);
    onLine.behave({ incoming: () => [] });
    const bought = buy();
    await handset.hears(bought, 'accepted');
    expect((await tap(onLine.device)).shown).toMatchObject([{ result: RESULT.APPLIED }]);
    await handset.hears(bought, 'settled');
    await settledOnce(onLine.device);
  });
});

describe('what is no meter of ours', () => {
  it('hears nothing of what is open for the meter that it claims to be', async () => {
    await handset.hears(buy(), 'pending');
    const [entry] = sites.a.fleet.meters;
    const liar = entry && meterWithoutNetwork(sites.a.fleet, { ...entry, rootKey: '11'.repeat(32) });
    const report = liar && (await tap(liar));
    expect(report).toMatchObject({ end: 'stranger', shown: [] });
    expect(report?.said).toEqual([INS.SELECT, INS.GET_STATUS]);
    expect(sites.a.gateway.redemptions.isReachable('1')).toBe(false);
  });

  it('is left alone', async () => {
    const foreign = async () => Uint8Array.of(0x6a, 0x82);
    expect(await sites.a.gateway.taps.nfc.tap(foreign, LIMITS)).toMatchObject({
      end: 'no-meter',
      commands: 1,
    });
  });
});
