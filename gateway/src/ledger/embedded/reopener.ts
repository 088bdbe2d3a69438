import { TapwattError } from '@tapwatt/firmware-contracts';
import { blockHash } from './block.ts';
import { readBlock } from './block-codec.ts';
import type { Head } from './head.ts';
import type { EmbeddedLimits } from './limits.ts';
import type { Scheduler } from './scheduler.ts';
import type { Session } from './session.ts';
import { damaged } from './storage-error.ts';

const PERMANENT: ReadonlySet<string> = new Set(['DATA_DAMAGED', 'DATA_VERSION', 'NOT_FOUND']);

/** Whether opening again can help. */
export const isPermanent = (error: unknown): boolean =>
  error instanceof TapwattError && PERMANENT.has(error.code);

/** What was acknowledged must be there again. Throws `StorageError` DATA_DAMAGED. */
const requireContinuity = ({ storage, head }: Session, acknowledged: Head): void => {
  const block = head.number < acknowledged.number ? undefined : readBlock(storage, acknowledged.number);
  if (block === undefined || blockHash(block.header) !== acknowledged.hash) {
    throw damaged(`The storage lost block ${acknowledged.number}, which had been durable.`);
  }
};

export interface ReopenerParts {
  readonly open: () => Promise<Session>;
  readonly limits: EmbeddedLimits;
  readonly scheduler: Scheduler;
  /** Another attempt failed; the next follows. */
  readonly onAttemptFailed: (error: unknown) => void;
}

/** Opens a failed storage again, with growing pauses, until it succeeds, is stopped, or finds damage. */
export class Reopener {
  readonly #parts: ReopenerParts;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(parts: ReopenerParts) {
    this.#parts = parts;
  }

  /** `undefined` when stopped. Throws what no further attempt can cure. */
  async run(acknowledged: Head): Promise<Session | undefined> {
    const { reopenFirstMs, reopenMaxMs } = this.#parts.limits;
    for (let pauseMs = reopenFirstMs; ; pauseMs = Math.min(2 * pauseMs, reopenMaxMs)) {
      await this.#pause(pauseMs);
      if (this.#stopped) return undefined;
      try {
        return await this.#attempt(acknowledged);
      } catch (error) {
        if (isPermanent(error)) throw error;
        this.#parts.onAttemptFailed(error);
      }
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#wake?.();
  }

  async #attempt(acknowledged: Head): Promise<Session | undefined> {
    const session = await this.#parts.open();
    try {
      requireContinuity(session, acknowledged);
      if (!this.#stopped) return session;
    } catch (error) {
      await session.storage.close();
      throw error;
    }
    await session.storage.close();
    return undefined;
  }

  #pause(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#parts.scheduler.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}
