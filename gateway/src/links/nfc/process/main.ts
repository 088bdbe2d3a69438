import { loadNfcPcsc, type PcscNfc, type PcscNfcReader } from './nfc-pcsc.ts';
import { type FromReaders, type ToReaders, textOf, toReaders } from './protocol.ts';
import { type Transmit, type WatchedReader, watchReader } from './reader-watch.ts';

/**
 * The process that holds the PC/SC library. The library hangs with a card that hangs, and does not get over a restart
 * of its daemon: the gateway kills this process then, and starts another. It ends with its gateway.
 */
function run(): void {
  const readers = new Set<WatchedReader>();
  let taps = 0;

  const send = (message: FromReaders): void => {
    if (process.connected) process.send?.(message);
  };
  function fail(reason: 'library' | 'ended', error: unknown): void {
    const leave = (): never => process.exit(1);
    if (!process.connected) leave();
    process.send?.({ type: 'failed', reason, message: textOf(error) } satisfies FromReaders, leave);
  }

  process.on('disconnect', () => process.exit(0));
  process.on('message', (given: unknown) => {
    const message = toReaders.safeParse(given);
    if (!message.success) fail('ended', new Error('The gateway said what nobody understands.'));
    else obey(message.data);
  });
  function obey(message: ToReaders): void {
    if (message.type === 'ping') send({ type: 'pong', seq: message.seq });
    else if (message.type === 'transmit') transmit(message);
    else for (const reader of readers) reader.again(message.tap);
  }
  function transmit(message: Transmit): void {
    if ([...readers].some((reader) => reader.take(message))) return;
    send({ type: 'response', tap: message.tap, seq: message.seq, message: 'The card is gone.' });
  }

  const nfc = open();
  function open(): PcscNfc | undefined {
    try {
      // Without a daemon this would spin for ever: the gateway has looked for one, and counts the time.
      return new (loadNfcPcsc())();
    } catch (error) {
      fail('library', error);
      return undefined;
    }
  }
  if (nfc === undefined) return;
  nfc.on('error', (error: unknown) => fail('ended', error));
  nfc.on('reader', (reader: PcscNfcReader) => {
    const watched = watchReader(reader, {
      send,
      nextTap: () => ++taps,
      fail: (error) => fail('ended', error),
    });
    readers.add(watched);
    reader.on('end', () => readers.delete(watched));
  });
  send({ type: 'ready' });
}

run();
