import { createHash, type Hash } from 'node:crypto';
import type { VirtualTime } from './virtual-time.ts';

/**
 * What happened in a world, one line an event of the domain, never a packet. The hash over all lines tells whether two
 * runs were the same run.
 */
export class Trace {
  readonly #time: VirtualTime;
  readonly #hash: Hash = createHash('sha256');
  readonly #write: (line: string) => void;
  #events = 0;

  constructor(time: VirtualTime, write: (line: string) => void = () => undefined) {
    this.#time = time;
    this.#write = write;
  }

  get events(): number {
    return this.#events;
  }

  note(node: string, what: string): void {
    const line = `${String(this.#time.now() - this.#time.startMs).padStart(10)} ${node} ${what}`;
    this.#events += 1;
    this.#hash.update(line).update('\n');
    this.#write(line);
  }

  /** Lower-case hex; once, at the end. */
  digest(): string {
    return this.#hash.digest('hex');
  }
}
