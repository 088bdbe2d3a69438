import { TapwattError } from '@tapwatt/firmware-contracts';
import { type Backoff, chanceOf, delayMs } from '../../edges/backoff.ts';
import { type Clock, pause, type Random } from '../../edges/edges.ts';
import { type Cards, createCards } from './cards.ts';
import { type LifeEnd, liveOnce } from './process-life.ts';
import type { ReaderLine } from './reader-line.ts';
import type { NfcReaders, ReaderHandlers, ReadersView } from './readers.ts';

/** Before another start; it begins anew after a life that was long enough. */
const RESTART: Backoff = { firstMs: 200, maxMs: 15_000 };
const LONG_LIFE_MS = 30_000;

export interface SupervisedPorts {
  readonly start: () => ReaderLine;
  /** Why the daemon cannot be reached; `undefined` where it can. */
  readonly daemonTrouble: () => Promise<string | undefined>;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Readers of a PC/SC library that lives in a process of its own: it is started when the daemon is there, asked whether
 * it lives, killed when it hangs, and started again.
 */
export function createSupervisedReaders(ports: SupervisedPorts): NfcReaders {
  const { clock } = ports;
  const closing = new AbortController();
  const { signal } = closing;
  let view: ReadersView = { state: 'starting', readers: [], starts: 0, kills: 0 };
  let running: Promise<void> = Promise.resolve();
  let handlers: ReaderHandlers | undefined;

  function change(news: Partial<ReadersView>): void {
    const { reason: _reason, message: _message, ...rest } = view;
    view = { ...rest, ...news };
    handlers?.changed(view);
  }

  async function run(told: ReaderHandlers): Promise<void> {
    const cards = createCards({ clock, onCard: told.card });
    for (let failures = 0; !signal.aborted; failures += 1) {
      const startedMs = clock.monotonicMs();
      const trouble = await ports.daemonTrouble();
      const { reason, message } =
        trouble === undefined ? await live(cards, told) : ({ reason: 'daemon', message: trouble } as const);
      cards.removeAll();
      if (signal.aborted) return;
      change({ state: 'away', readers: [], reason, message });
      if (clock.monotonicMs() - startedMs > LONG_LIFE_MS) failures = 0;
      await pause(clock, delayMs(RESTART, failures, chanceOf(ports.random)), signal);
    }
  }

  async function live(cards: Cards, told: ReaderHandlers): Promise<LifeEnd> {
    change({ state: 'starting', starts: view.starts + 1 });
    const end = await liveOnce({ line: ports.start(), cards, clock, signal, mute: told.mute, change });
    if (end.reason === 'stuck') change({ ...end, state: 'away', readers: [], kills: view.kills + 1 });
    return end;
  }

  return {
    open(told) {
      if (handlers !== undefined) throw new TapwattError('INTERNAL', 'The readers are open already.');
      handlers = told;
      running = run(told);
    },
    view: () => view,
    async close() {
      closing.abort();
      await running;
    },
  };
}
