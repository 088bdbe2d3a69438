import { lineTimeMs } from '@tapwatt/firmware-contracts';
import { LastingPort } from '../serial/lasting-port.ts';
import type { OpenLinePort } from '../serial/line-port.ts';
import type { Time } from '../time/time.ts';
import {
  FOREIGN_START,
  type ForeignAnswer,
  type ForeignMeterIdentity,
  type ForeignRegisters,
  hearForeign,
} from './foreign-meter.ts';

export interface ForeignLineOptions {
  readonly open: OpenLinePort;
  readonly meter: ForeignMeterIdentity;
  readonly registers: () => ForeignRegisters;
  readonly time: Time;
  /** What happens to a data block on its way, for tests. */
  readonly disturb?: (block: Uint8Array) => Uint8Array;
}

const SIGN_ON_BAUD = 300;
const BAUD_RATES = [300, 600, 1_200, 2_400, 4_800, 9_600, 19_200];
/** Before it answers: within 200 to 1,500 ms. */
const REACTION_MS = 200;
const DATA_BITS = 0x7f;

const parityOf = (byte: number): number =>
  [0, 1, 2, 3, 4, 5, 6].reduce((parity, bit) => parity ^ ((byte >> bit) & 1), 0) << 7;

/** A simulated meter of another maker on an optical head: characters of seven bits and even parity on a port of eight bits. */
export class ForeignLine {
  readonly #options: ForeignLineOptions;
  #state = FOREIGN_START;
  readonly #port: LastingPort;

  constructor(options: ForeignLineOptions) {
    this.#options = options;
    this.#port = new LastingPort({
      ...{ open: options.open, time: options.time, opened: () => undefined },
      handlers: {
        data: (bytes) => this.#hear(bytes),
        closed: () => {
          this.#state = FOREIGN_START;
        },
      },
    });
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  start(): void {
    this.#port.start();
  }

  close(): Promise<void> {
    return this.#port.close();
  }

  /** A character whose parity is wrong is left out. */
  #hear(bytes: Uint8Array): void {
    const { meter, registers } = this.#options;
    for (const byte of bytes) {
      if (parityOf(byte & DATA_BITS) !== (byte & ~DATA_BITS)) continue;
      const text = String.fromCharCode(byte & DATA_BITS);
      const { state, answer } = hearForeign(meter, this.#state, { text, registers: registers() });
      this.#state = state;
      if (answer !== undefined) this.#say(answer);
    }
  }

  /** The answer leaves when its last character would have: a pseudo-terminal has no baud rate of its own. */
  #say({ text, at }: ForeignAnswer): void {
    const { time, meter, disturb } = this.#options;
    const baudRate =
      at === 'sign-on' ? SIGN_ON_BAUD : (BAUD_RATES[Number(meter.baudCharacter)] ?? SIGN_ON_BAUD);
    const plain = Uint8Array.from(
      text,
      (character) => character.charCodeAt(0) | parityOf(character.charCodeAt(0)),
    );
    const bytes = at === 'agreed' ? (disturb?.(plain) ?? plain) : plain;
    time.after(REACTION_MS + lineTimeMs(bytes.length, baudRate), () => this.#port.write(bytes));
  }
}
