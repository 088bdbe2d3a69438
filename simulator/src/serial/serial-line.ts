import {
  decodeLine,
  encodeLineFrame,
  LINE_START,
  type LineFrame,
  type LineState,
  lineGapMs,
} from '@tapwatt/firmware-contracts';
import type { MeterCard } from '../meter/meter-card.ts';
import type { Time } from '../time/time.ts';
import { LastingPort } from './lasting-port.ts';
import { GOOD_LINE, type LineBehaviour, type Spoken } from './line-behaviour.ts';
import { type LinePace, NO_PACE, paceOf } from './line-pace.ts';
import type { OpenLinePort } from './line-port.ts';

/** What can be seen of a line from outside. */
export type LineObservation =
  | { readonly type: 'open' }
  | { readonly type: 'closed'; readonly reason: string }
  | { readonly type: 'command'; readonly frame: LineFrame }
  | { readonly type: 'answer'; readonly frame: LineFrame };

export interface SerialLineOptions {
  readonly open: OpenLinePort;
  /** Meters by their address on the line. */
  readonly meters: ReadonlyMap<number, MeterCard>;
  readonly baudRate: number;
  /** Whether bytes take their time: for pseudo-terminals, which have none. */
  readonly isPaced?: boolean;
  readonly time: Time;
  readonly behaviour?: LineBehaviour;
  readonly observe?: (observation: LineObservation) => void;
}

/** Several simulated meters on one half-duplex serial line (WIRE.md "NFC and serial"): the far ends of it, and the line itself. */
export class SerialLine {
  readonly #options: SerialLineOptions;
  readonly #toMeters: LinePace;
  readonly #toReader: LinePace;
  #behaviour: LineBehaviour;
  readonly #port: LastingPort;
  #heard: LineState = LINE_START;

  constructor(options: SerialLineOptions) {
    const { baudRate, isPaced = false, time } = options;
    this.#options = options;
    this.#behaviour = options.behaviour ?? GOOD_LINE;
    this.#toMeters = isPaced ? paceOf(baudRate, time) : NO_PACE;
    this.#toReader = isPaced ? paceOf(baudRate, time) : NO_PACE;
    this.#port = new LastingPort({
      ...{ open: options.open, time, opened: () => this.#opened() },
      handlers: {
        data: (bytes) => this.#toMeters.pass(bytes, (arrived) => this.#hear(arrived)),
        closed: (reason) => options.observe?.({ type: 'closed', reason }),
      },
    });
  }

  get isOpen(): boolean {
    return this.#port.isOpen;
  }

  misbehave(behaviour: LineBehaviour): void {
    this.#behaviour = behaviour;
  }

  start(): void {
    this.#port.start();
  }

  close(): Promise<void> {
    return this.#port.close();
  }

  #opened(): void {
    this.#heard = LINE_START;
    this.#options.observe?.({ type: 'open' });
  }

  #hear(bytes: Uint8Array): void {
    if (this.#behaviour.echoes) this.#port.write(bytes);
    const arrived = this.#behaviour.heard?.(bytes) ?? bytes;
    const { state, frames } = decodeLine(this.#heard, arrived);
    this.#heard = state;
    for (const frame of frames) {
      for (const taken of this.#behaviour.command?.(frame) ?? [frame]) this.#take(taken);
    }
  }

  #take(frame: LineFrame): void {
    const { meters, observe } = this.#options;
    const meter = meters.get(frame.address);
    if (meter === undefined) return;
    observe?.({ type: 'command', frame });
    const response = meter.transmit(frame.apdu);
    if (response === undefined) return;
    const answer = { address: frame.address, apdu: response };
    observe?.({ type: 'answer', frame: answer });
    const bytes = encodeLineFrame(answer);
    for (const spoken of this.#behaviour.said?.(bytes) ?? [{ bytes, delayMs: 0 }]) this.#say(spoken);
  }

  #say({ bytes, delayMs }: Spoken): void {
    const { time, baudRate } = this.#options;
    time.after(lineGapMs(baudRate) + delayMs, () =>
      this.#toReader.pass(bytes, (arrived) => this.#port.write(arrived)),
    );
  }
}
