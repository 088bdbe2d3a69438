import { type Clock, pause } from '../../edges/edges.ts';
import type { TapLimits, TapReport, Taps } from '../tap/taps.ts';
import type { Counter } from './counter/counter.ts';
import { type NfcConfig, type ReaderRole, roleOf } from './reader-roles.ts';
import type { CardAtReader, NfcReaders, ReadersView } from './readers.ts';

/** A meter is held to the reader for as long as somebody has patience. */
const NFC_TAP: TapLimits = { tapMs: 10_000, commandMs: 3_000, planMs: 1_500, lingerMs: 600 };

/** A card that was moved while it was read, and that the daemon still counts as there, is tried again after this, so many times, ms. */
const AGAIN_AFTER_MS = 600;
const MAX_AGAIN = 10;

export interface NfcLinkPorts {
  readonly readers: NfcReaders;
  readonly config: NfcConfig;
  readonly taps: Taps;
  readonly counter: Counter;
  readonly clock: Clock;
  readonly onTap: (tap: ReaderTap) => void;
  /** A card at the counter was read, or was taken away too soon. */
  readonly onShown: (
    shown:
      | { readonly reader: string; readonly vouchers: number }
      | { readonly reader: string; readonly error: unknown },
  ) => void;
  readonly onMute: (reader: string, message: string) => void;
  readonly onReaders: (view: ReadersView) => void;
}

/** One meter that was held to a reader. */
export interface ReaderTap extends TapReport {
  readonly reader: string;
  readonly durationMs: number;
}

/** Meters, phones and cards at the NFC readers of this machine. */
export interface NfcLink {
  start(): void;
  view(): ReadersView;
  /** Counts since the start. */
  figures(): Readonly<Record<string, number | string>>;
  close(): Promise<void>;
}

export function createNfcLink(ports: NfcLinkPorts): NfcLink {
  const { readers, config, taps, counter, clock } = ports;
  const counts = { taps: 0, done: 0, torn: 0, others: 0, mute: 0, shown: 0, vouchersShown: 0 };
  const underWay = new Set<Promise<unknown>>();
  const tries = new Map<string, number>();

  async function tapMeter(card: CardAtReader): Promise<void> {
    const startedMs = clock.monotonicMs();
    counts.taps += 1;
    const report = await taps.tap(card.transmit, { ...NFC_TAP, signal: card.gone });
    counts[report.end === 'done' || report.end === 'torn' ? report.end : 'others'] += 1;
    ports.onTap({ ...report, reader: card.reader, durationMs: clock.monotonicMs() - startedMs });
    if (report.end === 'torn') await tryAgain(card);
    else tries.delete(card.reader);
  }

  /** A meter that was moved, and back before the daemon looked, was never away for it. */
  async function tryAgain(card: CardAtReader): Promise<void> {
    await pause(clock, AGAIN_AFTER_MS, card.gone);
    const tried = tries.get(card.reader) ?? 0;
    if (card.gone.aborted || tried >= MAX_AGAIN) {
      tries.delete(card.reader);
      return;
    }
    tries.set(card.reader, tried + 1);
    card.again();
  }

  async function readAtCounter(card: CardAtReader): Promise<void> {
    const { reader } = card;
    try {
      const vouchers = await counter.serve(card);
      counts.shown += 1;
      counts.vouchersShown += vouchers;
      ports.onShown({ reader, vouchers });
      tries.delete(reader);
    } catch (error) {
      counts.torn += 1;
      ports.onShown({ reader, error });
      await tryAgain(card);
    }
  }

  const serve: Readonly<Record<ReaderRole, (card: CardAtReader) => Promise<void>>> = {
    meter: tapMeter,
    counter: readAtCounter,
  };

  return {
    start() {
      readers.open({
        card(card) {
          const role = roleOf(card.reader, config);
          if (role === undefined) return;
          const served = serve[role](card).finally(() => underWay.delete(served));
          underWay.add(served);
        },
        mute(reader, message) {
          counts.mute += 1;
          ports.onMute(reader, message);
        },
        changed: ports.onReaders,
      });
    },
    view: readers.view,
    figures() {
      const { state, readers: found, starts, kills } = readers.view();
      return { state, readers: found.length, starts, kills, receiptsHeld: taps.held, ...counts };
    },
    async close() {
      await readers.close();
      await Promise.allSettled(underWay);
      await counter.close();
    },
  };
}
