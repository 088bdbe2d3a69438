import { bytesToHex, hexToBytes, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import type { Transmit } from '../tap/taps.ts';
import type { FromReaders, ToReaders } from './process/protocol.ts';
import type { CardAtReader } from './readers.ts';

/** A command that nobody waits for any more may still be answered for so long; then the process hangs, ms. */
const LATE_MS = 500;

type Message<T extends FromReaders['type']> = Extract<FromReaders, { readonly type: T }>;

/** The process at the far end: how to speak to it, and to say that it hangs. */
interface Process {
  readonly send: (message: ToReaders) => void;
  readonly stuck: (why: string) => void;
}

interface Present {
  readonly tap: number;
  readonly gone: AbortController;
  /** The one command under way. */
  pending?:
    | { readonly seq: number; readonly settle: (message: Message<'response'> | undefined) => void }
    | undefined;
}

/** The cards in the fields of the readers, at most one each. A card that hung the library is left alone until it is taken away. */
export interface Cards {
  arrived(message: Message<'card'>, process: Process): void;
  answered(message: Message<'response'>): void;
  empty(reader: string): void;
  removeAll(): void;
}

export function createCards(ports: {
  readonly clock: Clock;
  readonly onCard: (card: CardAtReader) => void;
}): Cards {
  const present = new Map<string, Present>();
  const shunned = new Set<string>();
  let sent = 0;

  function remove(reader: string): void {
    const card = present.get(reader);
    present.delete(reader);
    card?.pending?.settle(undefined);
    card?.gone.abort(new TapwattError('CARD_GONE'));
  }

  function transmitTo(reader: string, card: Present, process: Process): Transmit {
    return (command, { signal }) =>
      new Promise((resolve, reject) => {
        if (card.gone.signal.aborted || signal.aborted || card.pending !== undefined) {
          return reject(
            card.pending === undefined ? new TapwattError('CARD_GONE') : new TapwattError('BUSY'),
          );
        }
        const seq = ++sent;
        const late = (): void => {
          reject(signal.reason);
          ports.clock.after(LATE_MS, () => {
            if (card.pending?.seq !== seq || card.gone.signal.aborted) return;
            shunned.add(reader);
            process.stuck(`The card at ${reader} does not answer.`);
          });
        };
        const settle = (message: Message<'response'> | undefined): void => {
          card.pending = undefined;
          signal.removeEventListener('abort', late);
          if (message?.response === undefined) reject(new TapwattError('CARD_GONE', message?.message));
          else resolve(hexToBytes(message.response));
        };
        card.pending = { seq, settle };
        signal.addEventListener('abort', late, { once: true });
        process.send({ type: 'transmit', tap: card.tap, seq, command: bytesToHex(command) });
      });
  }

  return {
    arrived({ reader, tap, atr }, process) {
      remove(reader);
      if (shunned.has(reader)) return;
      const card: Present = { tap, gone: new AbortController() };
      present.set(reader, card);
      const transmit = transmitTo(reader, card, process);
      const again = (): void => process.send({ type: 'again', tap });
      ports.onCard({ reader, atr: hexToBytes(atr), transmit, gone: card.gone.signal, again });
    },
    answered(message) {
      for (const { tap, pending } of present.values()) {
        if (tap === message.tap && pending?.seq === message.seq) pending.settle(message);
      }
    },
    empty(reader) {
      remove(reader);
      shunned.delete(reader);
    },
    removeAll() {
      for (const reader of [...present.keys()]) remove(reader);
    },
  };
}
