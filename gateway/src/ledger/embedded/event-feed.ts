import type { LedgerEvent } from '@tapwatt/chaincode';
import { LedgerUnavailable } from '../errors.ts';
import type { EmbeddedLimits } from './limits.ts';

/** What the feed needs of the ledger. */
export interface EventSource {
  /** The newest durable block. */
  headNumber(): number;
  /** The events of a durable block, from disk; `undefined` while the storage is away. */
  eventsOf(blockNumber: number): readonly LedgerEvent[] | undefined;
}

/**
 * Events of durable blocks, in order, from any block on.
 *
 * A reader keeps only its place: it reads recent blocks from a short shared memory, older ones from disk, so a slow
 * reader holds nothing up and nothing grows.
 */
export class EventFeed {
  readonly #source: EventSource;
  readonly #limits: EmbeddedLimits;
  readonly #recent = new Map<number, { readonly events: readonly LedgerEvent[]; readonly bytes: number }>();
  readonly #sleepers = new Set<() => void>();
  #recentBytes = 0;
  #subscribers = 0;
  #closed = false;

  constructor(source: EventSource, limits: EmbeddedLimits) {
    this.#source = source;
    this.#limits = limits;
  }

  get subscribers(): number {
    return this.#subscribers;
  }

  /** A block of so many bytes is durable. */
  publish(blockNumber: number, events: readonly LedgerEvent[], bytes: number): void {
    this.#recent.set(blockNumber, { events, bytes });
    this.#recentBytes += bytes;
    for (const [number, old] of this.#recent) {
      if (this.#recent.size <= this.#limits.recentBlocks && this.#recentBytes <= this.#limits.recentBytes)
        break;
      this.#recent.delete(number);
      this.#recentBytes -= old.bytes;
    }
    this.wake();
  }

  /** Something may have changed: the head, or the storage is back. */
  wake(): void {
    for (const sleeper of [...this.#sleepers]) sleeper();
  }

  /** Ends every subscription. */
  close(): void {
    this.#closed = true;
    this.#recent.clear();
    this.wake();
  }

  #sleep(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#sleepers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  #next(blockNumber: number): readonly LedgerEvent[] | undefined {
    if (blockNumber > this.#source.headNumber()) return undefined;
    return this.#recent.get(blockNumber)?.events ?? this.#source.eventsOf(blockNumber);
  }

  /** Throws `LedgerUnavailable` BUSY beyond the limit of readers. */
  async *subscribe(fromBlock: number | 'now', signal: AbortSignal): AsyncIterable<LedgerEvent> {
    if (this.#subscribers >= this.#limits.subscribers) {
      throw new LedgerUnavailable(`${this.#subscribers} readers of events are connected already.`, {
        code: 'BUSY',
      });
    }
    this.#subscribers += 1;
    try {
      const first = fromBlock === 'now' ? this.#source.headNumber() + 1 : Math.max(0, fromBlock);
      for (let block = first; !signal.aborted && !this.#closed; ) {
        const events = this.#next(block);
        if (events === undefined) {
          await this.#sleep(signal);
          continue;
        }
        block += 1;
        for (const event of events) {
          if (signal.aborted) return;
          yield event;
        }
      }
    } finally {
      this.#subscribers -= 1;
    }
  }
}
