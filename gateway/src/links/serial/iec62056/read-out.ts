import { lineTimeMs } from '@tapwatt/firmware-contracts';
import { type Clock, pause } from '../../../edges/edges.ts';
import type { SerialPort } from '../serial-port.ts';
import { withoutParity, withParity } from './seven-bits.ts';
import { acceptReadOut, BREAK, identificationIn, REPEAT, readOutIn, signOn } from './telegram.ts';

/** What a foreign meter says, or why there is nothing. */
export type ForeignReadOut =
  | {
      readonly status: 'read';
      readonly manufacturer: string;
      readonly device: string;
      readonly block: string;
    }
  /** `silent`: nobody answered. `damaged`: somebody did, and it could not be read. */
  | { readonly status: 'silent' | 'damaged' };

/** Something that was said to a foreign meter, or all that was heard then. */
export interface ForeignFrame {
  readonly direction: 'to-meter' | 'from-meter';
  readonly on: 'sign-on' | 'identification' | 'acknowledgement' | 'data-block' | 'repeat' | 'break';
  /** Characters whose parity is wrong are U+FFFD. */
  readonly text: string;
}

export interface ReadOutPorts {
  readonly port: SerialPort;
  /** What was heard since it was last called, as the port gives it. */
  readonly listen: (hear: (bytes: Uint8Array) => void) => () => void;
  readonly onFrame: (frame: ForeignFrame) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const SIGN_ON_BAUD = 300;
/** The most that a meter waits before it answers, and between two characters (IEC 62056-21, 6.3.14), with what a port holds back, ms. */
const REACTION_MS = 1_500;
const PORT_HOLDS_MS = 300;
/**
 * Between the last bit of our acknowledgement and our change of baud rate, ms: an adapter sends somewhat later than it was
 * told. The meter begins at its new rate 200 ms after that bit, or 20 ms where it says so (third letter of its maker in lower case).
 */
const SWITCH_MS = 10;
/** A read-out that goes on for longer is given up, ms. */
const READ_OUT_MS = 120_000;
const HEARD_MAX = 32_768;
const BLOCK_ATTEMPTS = 3;

/**
 * Reads a foreign meter out once: sign-on at 300 baud, its identification, its own baud rate, one data block (IEC
 * 62056-21 mode C). Rejects where the port is gone or `signal` aborts.
 */
export async function readForeignMeter(ports: ReadOutPorts, address: string): Promise<ForeignReadOut> {
  const line = createTextLine(ports);
  try {
    await ports.port.setBaudRate(SIGN_ON_BAUD);
    await line.say('sign-on', signOn(address), SIGN_ON_BAUD);
    const identification = await line.hear('identification', identificationIn);
    if (identification === undefined) return { status: line.heardAny ? 'damaged' : 'silent' };
    const { manufacturer, device, baudRate } = identification;
    await line.say('acknowledgement', acceptReadOut(identification), SIGN_ON_BAUD);
    await pause(ports.clock, SWITCH_MS, ports.signal);
    await ports.port.setBaudRate(baudRate);
    const block = await readBlock(line, baudRate);
    if (block !== undefined) return { status: 'read', manufacturer, device, block };
    // So that the meter need not wait for its own timeout before it takes the next sign-on.
    await line.say('break', BREAK, baudRate);
    return { status: 'damaged' };
  } finally {
    line.close();
  }
}

/** A block that is damaged is asked for again. */
async function readBlock(line: TextLine, baudRate: number): Promise<string | undefined> {
  for (let attempt = 1; ; attempt += 1) {
    const heard = await line.hear('data-block', (text) => {
      const readOut = readOutIn(text);
      return readOut.status === 'incomplete' ? undefined : readOut;
    });
    if (heard?.status === 'whole') return heard.block;
    if (attempt === BLOCK_ATTEMPTS) return undefined;
    await line.say('repeat', REPEAT, baudRate);
  }
}

interface TextLine {
  say(on: ForeignFrame['on'], text: string, baudRate: number): Promise<void>;
  /** What `find` finds in all that was heard since we last spoke; `undefined` when the line is quiet for too long before it does. */
  hear<T>(on: ForeignFrame['on'], find: (text: string) => T | undefined): Promise<T | undefined>;
  readonly heardAny: boolean;
  close(): void;
}

function createTextLine({ port, listen, onFrame, clock, signal }: ReadOutPorts): TextLine {
  let heard: number[] = [];
  let stir = (): void => {};
  const stopListening = listen((bytes) => {
    heard = [...heard, ...bytes].slice(0, HEARD_MAX);
    stir();
  });

  /** Whether something was heard within the time in which a meter has to go on. */
  async function more(): Promise<boolean> {
    const before = heard.length;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = clock.after(REACTION_MS + PORT_HOLDS_MS, done);
      signal.addEventListener('abort', done, { once: true });
      stir = done;
    });
    signal.throwIfAborted();
    return heard.length > before;
  }

  return {
    async say(on, text, baudRate) {
      signal.throwIfAborted();
      heard = [];
      onFrame({ direction: 'to-meter', on, text });
      const bytes = withParity(text);
      const startedMs = clock.monotonicMs();
      await port.write(bytes);
      // A driver may say that bytes have left when they only left the machine.
      const leftMs = lineTimeMs(bytes.length, baudRate) - (clock.monotonicMs() - startedMs);
      if (leftMs > 0) await pause(clock, leftMs, signal);
    },
    async hear(on, find) {
      const untilMs = clock.monotonicMs() + READ_OUT_MS;
      for (;;) {
        const { text } = withoutParity(Uint8Array.from(heard));
        const found = find(text);
        if (
          found === undefined &&
          heard.length < HEARD_MAX &&
          clock.monotonicMs() <= untilMs &&
          (await more())
        )
          continue;
        if (text !== '') onFrame({ direction: 'from-meter', on, text });
        return found;
      }
    },
    get heardAny() {
      return heard.length > 0;
    },
    close: stopListening,
  };
}
