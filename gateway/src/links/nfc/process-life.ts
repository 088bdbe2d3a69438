import type { Clock } from '../../edges/edges.ts';
import type { Cards } from './cards.ts';
import { type FromReaders, fromReaders } from './process/protocol.ts';
import type { ReaderLine } from './reader-line.ts';
import type { AwayReason, ReaderHandlers, ReadersView } from './readers.ts';

/** The library's process must be at work, and answer when it is asked, within these, ms. */
const START_DEADLINE_MS = 10_000;
const PONG_DEADLINE_MS = 6_000;
const PING_EVERY_MS = 2_000;
const MAX_READERS = 64;

export interface LifeEnd {
  readonly reason: AwayReason;
  readonly message: string;
}

export interface LifePorts {
  readonly line: ReaderLine;
  readonly cards: Cards;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly mute: ReaderHandlers['mute'];
  readonly change: (news: Partial<ReadersView>) => void;
}

/** One process of the library, from its start to its end, which it does not outlive. */
export async function liveOnce(ports: LifePorts): Promise<LifeEnd> {
  const { line, clock, signal } = ports;
  const end = Promise.withResolvers<LifeEnd>();
  const stuck = (message: string): void => end.resolve({ reason: 'stuck', message });
  const stopped = (): void => end.resolve({ reason: 'ended', message: 'The gateway stops.' });
  const life = createLife(ports, { stuck, failed: end.resolve });
  line.onMessage(life.hear);
  line.onEnd((how) => end.resolve({ reason: 'ended', message: `The process of the readers ended: ${how}.` }));
  signal.addEventListener('abort', stopped, { once: true });
  let cancel = clock.after(PING_EVERY_MS, look);
  function look(): void {
    cancel = clock.after(PING_EVERY_MS, look);
    life.ask();
  }
  try {
    return await end.promise;
  } finally {
    cancel();
    signal.removeEventListener('abort', stopped);
    line.kill();
  }
}

function createLife(
  { line, cards, clock, mute, change }: LifePorts,
  ends: { readonly stuck: (why: string) => void; readonly failed: (end: LifeEnd) => void },
) {
  const readers = new Set<string>();
  let lastHeardMs = clock.monotonicMs();
  let isReady = false;
  let asked = 0;

  function found(reader: string, isThere: boolean): void {
    if (isThere && readers.size < MAX_READERS) readers.add(reader);
    if (!isThere) readers.delete(reader);
    change({ readers: [...readers] });
  }

  function take(message: FromReaders): void {
    switch (message.type) {
      case 'ready':
        isReady = true;
        change({ state: 'ready' });
        break;
      case 'reader':
        found(message.reader, true);
        break;
      case 'reader-gone':
        cards.empty(message.reader);
        found(message.reader, false);
        break;
      case 'card':
        cards.arrived(message, { send: line.send, stuck: ends.stuck });
        break;
      case 'empty':
        cards.empty(message.reader);
        break;
      case 'mute':
        mute(message.reader, message.message);
        break;
      case 'response':
        cards.answered(message);
        break;
      case 'failed':
        ends.failed({ reason: message.reason, message: message.message });
        break;
      case 'pong':
        break;
      default:
        message satisfies never;
    }
  }

  return {
    hear(given: unknown): void {
      lastHeardMs = clock.monotonicMs();
      const message = fromReaders.safeParse(given);
      if (message.success) take(message.data);
      else ends.stuck('The process of the readers said what nobody understands.');
    },
    ask(): void {
      const silentMs = clock.monotonicMs() - lastHeardMs;
      if (silentMs > (isReady ? PONG_DEADLINE_MS : START_DEADLINE_MS))
        ends.stuck('The PC/SC library does not answer.');
      else if (isReady) line.send({ type: 'ping', seq: ++asked });
    },
  };
}
