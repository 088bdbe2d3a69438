import { decodeResponse } from '@tapwatt/firmware-contracts';
import { type NfcReaders, type ReaderHandlers, unlessAborted } from '@tapwatt/gateway';
import type { CardInField } from '@tapwatt/simulator';

/** Readers of another kind than PC/SC: a card is held to them by a call. */
export interface ReadersInMemory {
  readonly readers: NfcReaders;
  /** Holds a card to a reader; the function takes it away. */
  hold(reader: string, card: CardInField): () => void;
}

export function readersInMemory(names: readonly string[]): ReadersInMemory {
  const view = { state: 'ready', readers: names, starts: 1, kills: 0 } as const;
  let handlers: ReaderHandlers | undefined;

  function hold(reader: string, card: CardInField): () => void {
    const gone = new AbortController();
    handlers?.card({
      reader,
      atr: card.atr ?? new Uint8Array(0),
      gone: gone.signal,
      again: () => hold(reader, card),
      async transmit(command, { signal }) {
        // A real reader waits for no card longer than it is told to.
        const answer = gone.signal.aborted
          ? undefined
          : await unlessAborted(signal, Promise.resolve(card.transmit(command)));
        if (answer === undefined || decodeResponse(answer) === undefined)
          throw new Error('The card is gone.');
        return answer;
      },
    });
    return () => {
      gone.abort();
      card.release?.();
    };
  }

  return {
    hold,
    readers: {
      open(told) {
        handlers = told;
        told.changed(view);
      },
      view: () => view,
      close: async () => {
        handlers = undefined;
      },
    },
  };
}
