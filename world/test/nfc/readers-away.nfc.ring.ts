import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { creditOf } from '../tapped-meter.ts';
import { until } from '../until.ts';
import { asCard, openReaderTown, type ReaderTown } from './reader-town.ts';

let place: ReaderTown;
beforeEach(async () => {
  place = await openReaderTown({ meters: 4 });
});
afterEach(() => place?.close());

interface Stats {
  readonly nfc: { readonly starts: number; readonly kills: number };
}
interface Health {
  readonly state: string;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}
const stats = async () => (await place.town.get<Stats>('/api/v1/stats')).nfc;
const health = () => place.town.get<Health>('/health/ready');

const redeemsAt = async (slot: 0 | 1): Promise<void> => {
  const meter = place.meter();
  const issue = place.handset.ask({
    ...({ op: 'issue', walletId: 'wallet-1', amount: '500', deliver: true } as const),
    meterId: String(meter.meterId),
  });
  await place.handset.hears(issue, 'pending');
  expect((await place.tap(asCard(meter), slot)).end).toBe('done');
  await place.handset.hears(issue, 'settled');
  expect(creditOf(meter)).toBe(500n);
};

describe('a card that hangs', () => {
  it('costs its own tap and a restart of the library, and is left alone until it is taken away', async () => {
    const silent = await place.hold({ transmit: () => undefined });
    await until('the end of its tap', () => place.taps().find(({ end }) => end === 'torn'), 20_000);
    await until('the library to be killed', async () => (await stats()).kills === 1 || undefined, 20_000);
    await place.readersAre('ready');
    await redeemsAt(1);
    expect(place.taps().filter(({ reader }) => reader.endsWith('00'))).toHaveLength(1);
    expect((await stats()).kills).toBe(1);
    silent.remove();
    await silent.removed;
    await redeemsAt(0);
  });

  it('at both readers does not keep the gateway from anything else', async () => {
    const cards = [
      await place.hold({ transmit: () => undefined }, 0),
      await place.hold({ transmit: () => undefined }, 1),
    ];
    const onLine = await place.town.meter();
    const meterId = onLine.meterId;
    const issue = { op: 'issue', walletId: 'wallet-1', amount: '500', deliver: true, meterId } as const;
    await place.handset.hears(place.handset.ask(issue), 'settled');
    await until('the library to be killed', async () => (await stats()).kills >= 1 || undefined, 20_000);
    for (const card of cards) card.remove();
    await place.readersAre('ready');
    await redeemsAt(0);
  });
});

describe('the PC/SC daemon', () => {
  it('that is killed degrades the gateway, with a remedy, and meters are tapped when it is back', async () => {
    await redeemsAt(0);
    await place.daemon.kill();
    await place.readersAre('away');
    const { state, reasons } = await health();
    expect(state).toBe('degraded');
    expect(reasons).toMatchObject([{ code: 'READERS_UNAVAILABLE' }]);
    expect(reasons[0]?.message).toContain('npm run setup:system');
    await place.daemon.start();
    await place.readersAre('ready');
    expect((await health()).state).toBe('ready');
    await redeemsAt(1);
  });

  it('that is killed in the middle of a tap tears it, and the meter is tapped again when it is back', async () => {
    const meter = place.meter();
    const issue = place.handset.ask({
      ...({ op: 'issue', walletId: 'wallet-1', amount: '500', deliver: true } as const),
      meterId: String(meter.meterId),
    });
    await place.handset.hears(issue, 'pending');
    const card = asCard(meter);
    let killed: Promise<void> | undefined;
    const held = await place.hold({
      transmit(command) {
        const response = card.transmit(command);
        if (creditOf(meter) > 0n) killed ??= place.daemon.kill();
        return response;
      },
    });
    await held.removed;
    await killed;
    await until('the end of the tap', () => place.taps().find(({ end }) => end === 'torn'), 20_000);
    await place.daemon.start();
    await place.readersAre('ready');
    expect((await place.tap(asCard(meter))).end).toBe('done');
    await place.handset.hears(issue, 'settled');
    expect(creditOf(meter)).toBe(500n);
  });

  it('that hangs in the middle of a tap is noticed by its deadline', async () => {
    const meter = place.meter();
    const card = asCard(meter);
    await place.hold({
      transmit(command) {
        place.daemon.freeze();
        return card.transmit(command);
      },
    });
    await until('the library to be killed', async () => (await stats()).kills >= 1 || undefined, 20_000);
    await place.daemon.kill();
    await place.daemon.start();
    await place.readersAre('ready');
    await redeemsAt(0);
  });
});
