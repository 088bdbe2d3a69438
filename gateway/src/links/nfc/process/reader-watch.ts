import type { PcscNfcReader } from './nfc-pcsc.ts';
import { type FromReaders, RESPONSE_MAX, type ToReaders, textOf } from './protocol.ts';

/** Above the state bits, PC/SC counts how often a card came or went. */
const EVENTS_SHIFT = 16;

export type Transmit = Extract<ToReaders, { readonly type: 'transmit' }>;

export interface WatchedReader {
  /** Whether the command was for the card that is here, and was taken. */
  take(message: Transmit): boolean;
  again(tap: number): void;
}

/** Watches one reader of the library and makes good for what the library does not tell. `fail` ends the process. */
export function watchReader(
  reader: PcscNfcReader,
  ports: {
    readonly nextTap: () => number;
    readonly send: (message: FromReaders) => void;
    readonly fail: (error: unknown) => void;
  },
): WatchedReader {
  const { send } = ports;
  const { name } = reader;
  let tap: number | undefined;
  let isBusy = false;

  function begin(): void {
    // The library "connects" without a protocol to speak in where it has not yet closed the connection before.
    if (reader.connection?.protocol === undefined) {
      void reconnect();
      return;
    }
    tap = ports.nextTap();
    send({ type: 'card', reader: name, tap, atr: reader.card?.atr?.toString('hex').slice(0, 128) ?? '' });
  }

  function leave(): void {
    tap = undefined;
    send({ type: 'empty', reader: name });
  }

  async function reconnect(): Promise<void> {
    leave();
    try {
      if (reader.connection !== null) await reader.disconnect();
      await reader.connect();
    } catch {
      // It was taken away again, or is mute, which has been told.
      return;
    }
    if (reader.connection?.protocol === undefined) ports.fail(new Error(`${name} lost its connection.`));
    else begin();
  }

  // The library catches the failure of its own connect and tells nobody.
  const connect = reader.connect.bind(reader);
  reader.connect = () =>
    connect().catch((error: unknown) => {
      send({ type: 'mute', reader: name, message: textOf(error) });
      throw error;
    });
  reader.autoProcessing = false;
  reader.on('card', begin);
  reader.on('error', ports.fail);
  reader.on('end', () => send({ type: 'reader-gone', reader: name }));
  reader.reader.on('status', ({ state }: { readonly state: number }) => {
    const before = reader.reader.state ?? 0;
    const isPresent = (state & reader.reader.SCARD_STATE_PRESENT) !== 0;
    const wasPresent = (before & reader.reader.SCARD_STATE_PRESENT) !== 0;
    const isAnother = wasPresent && state >>> EVENTS_SHIFT !== before >>> EVENTS_SHIFT;
    if (!isPresent) leave();
    // It came back so soon that the library did not see it go: the connection is to the one that went.
    else if (isAnother) void reconnect();
  });
  send({ type: 'reader', reader: name });

  async function answer({ tap: of, seq, command }: Transmit): Promise<void> {
    try {
      const response = await reader.transmit(Buffer.from(command, 'hex'), RESPONSE_MAX);
      // A card that was torn away resolves with nothing.
      const answered = response.length >= 2 ? { response: response.toString('hex') } : {};
      send({ type: 'response', tap: of, seq, ...answered });
    } catch (error) {
      send({ type: 'response', tap: of, seq, message: textOf(error) });
    } finally {
      isBusy = false;
    }
  }

  return {
    again(of) {
      if (of === tap && !isBusy) void reconnect();
    },
    take(message) {
      // The library reorders commands that are under way at the same time.
      if (message.tap !== tap || isBusy) return false;
      isBusy = true;
      void answer(message);
      return true;
    },
  };
}
