import { INS, SW } from '@tapwatt/firmware-contracts';
import { type CardInField, type InsertedCard, type Meter, meterCard } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acknowledgedOf, creditOf, type Tear } from '../tapped-meter.ts';
import { until } from '../until.ts';
import { asCard, openReaderTown, type ReaderTown } from './reader-town.ts';

/** SELECT, STATUS, SET TIME, PUT, COMMIT, and the ACK of what it brought. */
const COMMANDS = 6;
/** SELECT, STATUS, PUT, COMMIT, GET RECEIPT of the one that is owed, an ACK of each. */
const LATER_COMMANDS = 7;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

let place: ReaderTown;
beforeAll(async () => {
  place = await openReaderTown({ meters: 104 });
});
afterAll(() => place?.close());

const buyFor = (meter: Meter) =>
  place.handset.ask({
    ...({ op: 'issue', walletId: 'wallet-1', amount: '500', deliver: true } as const),
    meterId: String(meter.meterId),
  });
const bought = async () => {
  const meter = place.meter();
  const issue = buyFor(meter);
  const { voucherId = '' } = await place.handset.hears(issue, 'pending');
  return { meter, issue, voucherId };
};
/** Nothing of it may ever be twice: not the credit, not the settlement. */
const settledOnce = async ({
  meter,
  issue,
  voucherId,
}: Awaited<ReturnType<typeof bought>>): Promise<void> => {
  await place.handset.hears(issue, 'settled');
  const steps = place.handset.resultsOf(issue).map(({ status }) => status);
  expect(steps.filter((step) => step === 'on-meter' || step === 'settled')).toEqual(['on-meter', 'settled']);
  expect(creditOf(meter)).toBe(500n);
  expect(await place.town.voucher(voucherId)).toMatchObject({ status: 'REDEEMED' });
  expect(await place.town.ledgerMeter(String(meter.meterId))).toMatchObject({ settled: '500', open: [] });
};

/** A tap that is over at this command, for the meter is gone. */
const tornAt = async (meter: Meter, tear: Tear): Promise<void> => {
  const before = place.taps().length;
  let held: InsertedCard | undefined;
  held = await place.hold(asCard(meter, { ...tear, lose: () => held?.remove() }));
  await held.removed;
  await until('the end of the torn tap', () => place.taps()[before]);
  expect(place.taps()[before]).toMatchObject({ end: 'torn' });
};
const tearsOf = (commands: number): readonly Tear[] =>
  Array.from({ length: commands }, (_, at) => [
    { at, heard: false },
    { at, heard: true },
  ]).flat();

describe('a meter at a real reader', () => {
  it('takes its voucher and its acknowledgement in one tap', async () => {
    const sold = await bought();
    const line = await place.tap(asCard(sold.meter));
    expect(line).toMatchObject({ end: 'done', meterId: String(sold.meter.meterId), vouchers: 1 });
    expect(line.commands).toBe(COMMANDS);
    await settledOnce(sold);
    expect(acknowledgedOf(sold.meter)).toBe(1);
  });

  it.each(tearsOf(COMMANDS))(
    'that is taken away at %o and held there again is credited and settled once',
    async (tear) => {
      const sold = await bought();
      await tornAt(sold.meter, tear);
      await place.tap(asCard(sold.meter), 0, 'done');
      await settledOnce(sold);
      expect(acknowledgedOf(sold.meter)).toBe(1);
    },
  );

  it.each(tearsOf(LATER_COMMANDS))(
    'that owes a receipt, and is taken away at %o, loses neither that nor what it is given then',
    async (tear) => {
      const { meter, issue: first } = await bought();
      await tornAt(meter, { at: COMMANDS - 1, heard: false });
      await place.handset.hears(first, 'settled');
      const second = buyFor(meter);
      await place.handset.hears(second, 'pending');
      await tornAt(meter, tear);
      await place.tap(asCard(meter), 0, 'done');
      await place.handset.hears(second, 'settled');
      await place.tap(asCard(meter), 0, 'done');
      expect([creditOf(meter), acknowledgedOf(meter)]).toEqual([1_000n, 2]);
      expect(await place.town.ledgerMeter(String(meter.meterId))).toMatchObject({
        settled: '1000',
        open: [],
      });
    },
  );

  it('that answers slowly is waited for', async () => {
    const sold = await bought();
    const card = asCard(sold.meter);
    const slow: CardInField = {
      async transmit(command) {
        await pause(150);
        return card.transmit(command);
      },
    };
    expect((await place.tap(slow)).end).toBe('done');
    await settledOnce(sold);
  });

  it('that is back within 20 ms of being moved is tapped again, though the daemon never saw it go', async () => {
    const sold = await bought();
    const card = asCard(sold.meter);
    let held: InsertedCard | undefined;
    held = await place.hold({
      transmit(command) {
        const response = card.transmit(command);
        if (creditOf(sold.meter) > 0n) held?.remove();
        return response;
      },
      release: () => card.release?.(),
    });
    await held.removed;
    await pause(15);
    expect((await place.tap(asCard(sold.meter), 0, 'done')).end).toBe('done');
    await settledOnce(sold);
  });

  it('and another at the second reader are served at the same time', async () => {
    const [left, right] = [await bought(), await bought()];
    const lines = await Promise.all([place.tap(asCard(left.meter), 0), place.tap(asCard(right.meter), 1)]);
    expect(lines.map(({ end }) => end)).toEqual(['done', 'done']);
    await settledOnce(left);
    await settledOnce(right);
  });

  it('at both readers at once, which no board can be, is credited and settled once', async () => {
    const sold = await bought();
    await Promise.all([place.tap(asCard(sold.meter), 0), place.tap(asCard(sold.meter), 1)]);
    await settledOnce(sold);
  });

  it('and on MQTT at the same time is credited and settled once', async () => {
    const onLine = await place.town.meter();
    const meter = onLine.device;
    const issue = buyFor(meter);
    await Promise.all([place.tap(asCard(meter)), place.handset.hears(issue, 'settled')]);
    const voucherId = place.handset.resultsOf(issue)[0]?.voucherId ?? '';
    await settledOnce({ meter, issue, voucherId });
    await until('the acknowledgement', () => acknowledgedOf(meter) === 1 || undefined);
  });
});

describe('what answers with a status word', () => {
  const words = [...Object.values(SW).filter((sw) => sw !== SW.OK), 0x6f00, 0x9000];
  const instructions = Object.entries(INS);

  it.each(words.map((sw) => [sw.toString(16), sw] as const))(
    '%s to each of the commands harms no voucher',
    async (_name, sw) => {
      const sold = await bought();
      for (const [, ins] of instructions) {
        const card = meterCard(sold.meter, 'card');
        const odd: CardInField = {
          transmit: (command) =>
            command[1] === ins ? Uint8Array.of(sw >> 8, sw & 0xff) : card.transmit(command),
          release: () => card.release(),
        };
        expect(['done', 'no-meter', 'broken']).toContain((await place.tap(odd)).end);
      }
      await place.tap(asCard(sold.meter));
      await settledOnce(sold);
    },
  );

  it('that it is another card is left alone after one command', async () => {
    const transmit = () => Uint8Array.of(0x6a, 0x82);
    expect(await place.tap({ transmit })).toMatchObject({ end: 'no-meter', commands: 1 });
  });

  it('and with as much before it as an answer can hold loses nothing of it', async () => {
    const transmit = () => new Uint8Array(258).fill(0x90, 256, 257);
    expect(await place.tap({ transmit })).toMatchObject({ end: 'no-meter', commands: 1 });
  });
});
