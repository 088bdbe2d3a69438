import type { Writable } from 'node:stream';
import type { BrokerTime } from './time.ts';

/** Gathered bytes that leave before the turn is over. */
const GATHER_BYTES = 16_384;

/**
 * Joins what is written within one turn of the event loop into one write, one system call a client and turn, and
 * takes no more while the transport is behind.
 */
export class Gatherer {
  readonly #transport: Writable;
  readonly #time: Pick<BrokerTime, 'turn'>;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #scheduled = false;
  /** Bytes that were handed to the transport and not taken by the kernel yet. */
  #behindBytes = 0;
  #held: { readonly bytes: Uint8Array; readonly done: () => void } | undefined;
  /** Writes that the kernel took: unchanged means that nothing moves. */
  flushes = 0;

  constructor(transport: Writable, time: Pick<BrokerTime, 'turn'>) {
    this.#transport = transport;
    this.#time = time;
  }

  get pendingBytes(): number {
    return this.#gatheredBytes + this.#behindBytes;
  }

  /** `done` is called at once, or when the transport has caught up. */
  write(bytes: Uint8Array, done: () => void): void {
    if (this.#behindBytes > 0) {
      this.#held = { bytes, done };
      return;
    }
    this.#gathered.push(bytes);
    this.#gatheredBytes += bytes.length;
    if (this.#gatheredBytes >= GATHER_BYTES) this.flush();
    else this.#schedule();
    done();
  }

  /** Hands over what is gathered, now. */
  flush(): void {
    if (this.#gatheredBytes === 0 || this.#behindBytes > 0 || this.#transport.destroyed) return;
    const bytes = joined(this.#gathered, this.#gatheredBytes);
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#behindBytes = bytes.length;
    this.#transport.write(bytes, (error) => this.#taken(error));
    // The kernel mostly takes everything at once; the callback comes a tick later.
    if (this.#transport.writableLength === 0) this.#behindBytes = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#time.turn(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #taken(error: Error | null | undefined): void {
    this.flushes++;
    if (this.#transport.writableLength === 0) this.#behindBytes = 0;
    const held = this.#held;
    if (error || held === undefined || this.#behindBytes > 0) return;
    this.#held = undefined;
    this.write(held.bytes, held.done);
  }
}

const joined = (parts: readonly Uint8Array[], length: number): Uint8Array => {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, length);
};
