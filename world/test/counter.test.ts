import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeVoucherMessage, hexToBytes, SW } from '@tapwatt/firmware-contracts';
import { type CardInField, memoryTag, ndefPhone } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readersInMemory } from './readers-in-memory.ts';
import { openTown, type RawHandset, type Town, type TownMeter } from './town.ts';
import { until } from './until.ts';

/** One voucher is read in so many commands from either kind. */
const COMMANDS = Array.from({ length: 7 }, (_, at) => at);
const KINDS = [
  ['a phone', ndefPhone],
  ['a memory card', memoryTag],
] as const;
/** How a reader tells that a command failed. */
const FAILED = 0x6300;
const WORDS = [...Object.values(SW).filter((sw) => sw !== SW.OK), FAILED, 0x6b00, 0x6f00];

const readerAt = (at: number): string => `counter ${at}`;
const memory = readersInMemory(
  Array.from({ length: KINDS.length * COMMANDS.length }, (_, at) => readerAt(at)),
);
let directory: string;
let town: Town;
let handset: RawHandset;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  const nfc = { enabled: true, meterReaders: [], counterReaders: ['counter *'] };
  town = await openTown({
    ...{ directory, meters: 40, nfcReaders: memory.readers },
    config: { links: { nfc, serial: [] } },
  });
  handset = await town.handset();
});
afterAll(async () => {
  await town?.close();
  await rm(directory, { recursive: true, force: true });
});

interface Line {
  readonly reader?: string;
  readonly message?: string;
  readonly vouchers?: number;
  readonly redemptionId?: string;
  readonly status?: string;
}
const linesSince = (before: number): Line[] => town.log.slice(before).map((line): Line => JSON.parse(line));
const steps = (voucherId: string) =>
  linesSince(0)
    .filter(({ redemptionId, status }) => redemptionId === voucherId && status !== undefined)
    .map(({ status }) => status);

interface Carried {
  readonly meter: TownMeter;
  readonly voucherId: string;
  readonly frame: Uint8Array;
  readonly message: Uint8Array;
}
async function carried(meter: TownMeter): Promise<Carried> {
  const { voucherId, voucher } = await handset.buy(meter.meterId);
  const frame = hexToBytes(voucher);
  return { meter, voucherId, frame, message: encodeVoucherMessage([frame]) };
}

/** Holds a card to the counter until that has told of it, and takes it away. */
async function show(card: CardInField, at = 0): Promise<Line> {
  const before = town.log.length;
  const remove = memory.hold(readerAt(at), card);
  const end = await until('the end of its reading', () =>
    linesSince(before).find(
      ({ reader, message }) => reader === readerAt(at) && message?.startsWith('a card '),
    ),
  );
  remove();
  return end;
}
const READ = { message: 'a card was read', vouchers: 1 };
const NOTHING = { message: 'a card was read', vouchers: 0 };
const NOT_READ = { message: 'a card could not be read' };

/** The card whose command `at`, counted from 0, and those after it, up to `times` of them, get this instead of an answer. */
function cut(
  card: CardInField,
  {
    at,
    heard = false,
    times = Infinity,
  }: { readonly at: number; readonly heard?: boolean; readonly times?: number },
  instead: () => ReturnType<CardInField['transmit']>,
): CardInField {
  let commands = 0;
  return {
    ...card,
    transmit(command) {
      const isCut = commands >= at && commands < at + times;
      commands += 1;
      const answer = isCut && !heard ? undefined : card.transmit(command);
      return isCut ? instead() : answer;
    },
  };
}
const word = (sw: number) => () => Uint8Array.of(sw >> 8, sw & 0xff);

async function settledOnce({ meter, voucherId }: Carried, amount = 500n): Promise<void> {
  await town.voucherIs(voucherId, 'REDEEMED');
  await until('the last step', () => steps(voucherId).includes('settled') || undefined);
  expect(steps(voucherId)).toEqual(['accepted', 'on-meter', 'settled']);
  expect(meter.credited).toBe(amount);
  expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ settled: `${amount}`, open: [] });
  expect(town.faults()).toEqual([]);
}

describe.each(KINDS)('a voucher on %s at the counter', (_what, cardOf) => {
  it.each(
    COMMANDS.flatMap((at) => [
      { at, heard: false },
      { at, heard: true },
    ]),
  )('that is moved away at command %o and shown again is credited and settled once', async (tear) => {
    const sold = await carried(await town.meter());
    const gone = await show(cut(cardOf(sold.message), tear, () => undefined));
    expect(gone).toMatchObject(NOT_READ);
    // A reader that says so with a status word: of a card that said nothing before it cannot be known.
    const failed = await show(cut(cardOf(sold.message), tear, word(FAILED)));
    expect(failed).toMatchObject(tear.at === 0 ? NOTHING : NOT_READ);
    expect(steps(sold.voucherId)).toEqual([]);
    expect(await show(cardOf(sold.message))).toMatchObject(READ);
    await settledOnce(sold);
  });

  it('that is moved and back before anybody saw it go is read again by itself', async () => {
    const meter = await town.meter();
    const [, ...later] = COMMANDS;
    const sold = await Promise.all(later.map(() => carried(meter)));
    const removes = sold.map(({ message }, index) =>
      memory.hold(readerAt(index), cut(cardOf(message), { at: index + 1, times: 1 }, word(FAILED))),
    );
    for (const { voucherId } of sold) await town.voucherIs(voucherId, 'REDEEMED');
    for (const remove of removes) remove();
    for (const one of sold) await settledOnce(one, 500n * BigInt(sold.length));
  });

  it('that answers any one command with another status word, or with nothing, harms nothing', async () => {
    const sold = await carried(await town.meter());
    for (const sw of [...WORDS, SW.OK]) {
      const ends = await Promise.all(
        COMMANDS.map((at) => show(cut(cardOf(sold.message), { at, times: 1 }, word(sw)), at)),
      );
      for (const end of ends) expect([NOTHING.message, NOT_READ.message]).toContain(end.message);
    }
    expect(steps(sold.voucherId)).toEqual([]);
    expect(await show(cardOf(sold.message))).toMatchObject(READ);
    await settledOnce(sold);
  });
});

describe('a card at the counter', () => {
  it('that falls silent at any command is given up, and its voucher taken at the next showing', async () => {
    const meter = await town.meter();
    const cards = await Promise.all(
      KINDS.flatMap(([, cardOf]) => COMMANDS.map(async (at) => ({ at, cardOf, sold: await carried(meter) }))),
    );
    const silence = () => new Promise<undefined>(() => undefined);
    const ends = await Promise.all(
      cards.map(({ at, cardOf, sold }, slot) => show(cut(cardOf(sold.message), { at }, silence), slot)),
    );
    for (const end of ends) expect(end).toMatchObject(NOT_READ);
    await Promise.all(cards.map(({ cardOf, sold }, slot) => show(cardOf(sold.message), slot)));
    for (const { sold } of cards) await town.voucherIs(sold.voucherId, 'REDEEMED');
    for (const { sold } of cards) await settledOnce(sold, 500n * BigInt(cards.length));
  });

  it('of 20 vouchers has them all taken, though the first 16 were settled long ago', async () => {
    const meter = await town.meter();
    const phone = (of: readonly Carried[]) => ndefPhone(encodeVoucherMessage(of.map(({ frame }) => frame)));
    const bought = (length: number) => Promise.all(Array.from({ length }, () => carried(meter)));
    const old = await bought(16);
    expect(await show(phone(old))).toMatchObject({ vouchers: 16 });
    for (const { voucherId } of old) await town.voucherIs(voucherId, 'REDEEMED');
    const sold = [...old, ...(await bought(4))];
    expect(await show(phone(sold))).toMatchObject({ vouchers: 20 });
    for (const { voucherId } of sold) await town.voucherIs(voucherId, 'REDEEMED');
    await until('the credit', () => meter.credited === 10_000n || undefined);
    expect(await town.ledgerMeter(meter.meterId)).toMatchObject({ settled: '10000', open: [] });
    expect(town.faults()).toEqual([]);
  });
});
