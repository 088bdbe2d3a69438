import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type CardInField,
  type InsertedCard,
  insertVirtualCard,
  type Meter,
  meterCard,
} from '@tapwatt/simulator';
import { meterWithoutNetwork } from '../tapped-meter.ts';
import { openTown, type RawHandset, type Town } from '../town.ts';
import { until } from '../until.ts';
import { type PcscDaemon, pcscDaemon, READERS } from './pcsc-daemon.ts';

const POLL_MS = 450;

/** A line of the gateway's log about a tap. */
export interface TapLine {
  readonly end: string;
  readonly reader: string;
  readonly meterId?: string;
  readonly vouchers: number;
  readonly receipts: number;
  readonly commands: number;
}

/** A real gateway with the real PC/SC daemon and two virtual readers, for meters first and a counter second. */
export interface ReaderTown {
  readonly town: Town;
  readonly daemon: PcscDaemon;
  readonly handset: RawHandset;
  /** The last meter of the fleet that nobody uses yet, on the wall of a village without a network. */
  meter(): Meter;
  hold(card: CardInField, slot?: 0 | 1): Promise<InsertedCard>;
  /** Holds it there until the gateway has logged that the tap ended (so), and takes it away. */
  tap(card: CardInField, slot?: 0 | 1, end?: string): Promise<TapLine>;
  taps(): readonly TapLine[];
  /** Resolves when the gateway says that the readers are there (or away). */
  readersAre(state: 'ready' | 'away'): Promise<void>;
  close(): Promise<void>;
}

/** A meter as the card at a reader; over command `at`, counted from 0, the field is lost, before or after the meter heard it. */
export function asCard(
  meter: Meter,
  tear?: { readonly at: number; readonly heard: boolean; lose: () => void },
): CardInField {
  const card = meterCard(meter, `card-${Math.random()}`);
  let commands = 0;
  return {
    transmit(command) {
      const isTorn = tear !== undefined && commands >= tear.at;
      commands += 1;
      const response = isTorn && !tear.heard ? undefined : card.transmit(command);
      if (isTorn) tear.lose();
      return isTorn ? undefined : response;
    },
    release: () => card.release(),
  };
}

export async function openReaderTown(options: {
  readonly meters: number;
  readonly counter?: boolean;
}): Promise<ReaderTown> {
  const directory = await mkdtemp(join(tmpdir(), 'tw-'));
  const daemon = pcscDaemon();
  await daemon.start();
  const counterReaders = options.counter === true ? ['* 01'] : [];
  const town = await openTown({
    directory,
    meters: options.meters,
    config: { links: { nfc: { enabled: true, meterReaders: ['Virtual*'], counterReaders }, serial: [] } },
  });
  const handset = await town.handset();
  let used = 0;
  const lines = (): Record<string, unknown>[] => town.log.map((line) => JSON.parse(line));
  const taps = (): TapLine[] => lines().filter((line) => 'durationMs' in line) as unknown as TapLine[];

  function hold(card: CardInField, slot: 0 | 1 = 0): Promise<InsertedCard> {
    const reader = READERS[slot];
    if (reader === undefined) throw new Error('No such reader.');
    return insertVirtualCard(reader, card);
  }
  async function readersAre(state: 'ready' | 'away'): Promise<void> {
    await until(
      `the readers to be ${state}`,
      async () => {
        const { nfc } = await town.get<{ nfc: { state: string; readers: number } }>('/api/v1/stats');
        return nfc.state === state && (state === 'away' || nfc.readers === READERS.length) ? true : undefined;
      },
      30_000,
    );
  }
  await readersAre('ready');
  return {
    ...{ town, daemon, handset, hold, taps, readersAre },
    meter: () => meterWithoutNetwork(town.fleet, town.fleet.meters.at(-++used)),
    async tap(card, slot = 0, end) {
      const before = taps().length;
      const ended = (): TapLine | undefined =>
        taps()
          .slice(before)
          .find((line) => line.reader === READERS[slot]?.name && (end ?? line.end) === line.end);
      const held = await hold(card, slot);
      const line = await until('the end of a tap', ended, 20_000);
      held.remove();
      await held.removed;
      // The daemon looks at its readers every 400 ms: what is there sooner was never away.
      await pause(POLL_MS);
      return line;
    },
    async close() {
      await town.close();
      await daemon.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
