import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { PcscNfcReader } from './nfc-pcsc.ts';
import type { FromReaders } from './protocol.ts';
import { watchReader } from './reader-watch.ts';

const PRESENT = 0x20;
const CARD = Buffer.from('3b80800101', 'hex');
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** What the library makes of a reader whose card is connected, or is mute. */
class Reader extends EventEmitter implements PcscNfcReader {
  readonly name = 'Reader 00';
  readonly reader = Object.assign(new EventEmitter(), { state: 0, SCARD_STATE_PRESENT: PRESENT });
  autoProcessing = true;
  card: { atr: Buffer } | null = null;
  connection: { protocol: number } | null = null;
  isMute = false;

  async connect(): Promise<unknown> {
    if (this.isMute) throw new Error('Card is unresponsive.');
    this.connection = { protocol: 2 };
    return this.connection;
  }
  async disconnect(): Promise<unknown> {
    this.connection = null;
    return undefined;
  }
  transmit = async (): Promise<Buffer> => Buffer.of(0x90, 0);

  /** As nfc-pcsc 0.8.1 does it: what its connect throws, it emits as the name of an event. */
  async arrive(): Promise<void> {
    this.reader.emit('status', { state: PRESENT });
    this.reader.state = PRESENT;
    this.card = { atr: CARD };
    try {
      await this.connect();
      this.emit('card');
    } catch (error) {
      this.emit(String(error));
    }
  }
}

function watched() {
  const told: FromReaders[] = [];
  const failures: unknown[] = [];
  const reader = new Reader();
  let taps = 0;
  const watch = watchReader(reader, {
    nextTap: () => ++taps,
    send: (message) => told.push(message),
    fail: (error) => failures.push(error),
  });
  return { reader, watch, told, failures };
}

const { name } = new Reader();
const MUTE = { type: 'mute', reader: name, message: 'Card is unresponsive.' };
const card = (tap: number) => ({ type: 'card', reader: name, tap, atr: '3b80800101' });

describe('a watched reader', () => {
  it('tells of a card that does not answer even to being connected, of which the library tells nobody', async () => {
    const { reader, told, failures } = watched();
    reader.isMute = true;
    await reader.arrive();
    expect(told).toEqual([{ type: 'reader', reader: name }, MUTE]);
    expect(failures).toEqual([]);
    reader.isMute = false;
    await reader.arrive();
    expect(told.slice(2)).toEqual([card(1)]);
  });

  it('tells once of one that is asked for anew and is mute by then, and takes no command for it', async () => {
    const { reader, watch, told, failures } = watched();
    await reader.arrive();
    reader.isMute = true;
    watch.again(1);
    await turn();
    expect(told).toEqual([{ type: 'reader', reader: name }, card(1), { type: 'empty', reader: name }, MUTE]);
    expect(watch.take({ type: 'transmit', tap: 1, seq: 1, command: '00a40400' })).toBe(false);
    expect(failures).toEqual([]);
  });
});
