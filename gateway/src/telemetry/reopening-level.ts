import { TapwattError } from '@tapwatt/firmware-contracts';
import { ClassicLevel } from 'classic-level';
import type { Clock } from '../edges/edges.ts';
import { toStorageError } from '../ledger/embedded/index.ts';

export type Db = ClassicLevel<string, string>;

const REOPEN_MS = 5_000;
const OPTIONS = { cacheSize: 2 << 20, writeBufferSize: 2 << 20 } as const;

/** A database that is opened when it is needed, and again after it failed: LevelDB takes no write any more once one has failed. */
export interface ReopeningLevel {
  /** Throws TELEMETRY_UNAVAILABLE with the cause while it cannot be used. */
  use<T>(work: (db: Db) => Promise<T>): Promise<T>;
  /** Why it cannot be used, since the last attempt. */
  readonly failure: string | undefined;
  close(): Promise<void>;
}

export function createReopeningLevel(directory: string, clock: Pick<Clock, 'monotonicMs'>): ReopeningLevel {
  let opening: Promise<Db> | undefined;
  let failure: string | undefined;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let closed = false;

  async function open(): Promise<Db> {
    const db: Db = new ClassicLevel(directory, OPTIONS);
    await db.open();
    return db;
  }

  function fail(error: unknown): TapwattError {
    const { code, message } = toStorageError(error, directory);
    const remedy = code === 'DATA_DAMAGED' ? ' It guards no money: move it away, and a new one is made.' : '';
    failure = `${message}${remedy}`;
    notBeforeMs = clock.monotonicMs() + REOPEN_MS;
    return new TapwattError('TELEMETRY_UNAVAILABLE', failure, { cause: error });
  }

  return {
    async use(work) {
      if (closed) throw new TapwattError('TELEMETRY_UNAVAILABLE', 'The store of readings is closed.');
      if (opening === undefined && clock.monotonicMs() < notBeforeMs) {
        throw new TapwattError('TELEMETRY_UNAVAILABLE', failure);
      }
      opening ??= open();
      const mine = opening;
      try {
        const result = await work(await mine);
        failure = undefined;
        return result;
      } catch (error) {
        // Whoever fails first closes it for all; the next use opens it again.
        if (opening === mine) {
          opening = undefined;
          await mine.then((db) => db.close()).catch(() => undefined);
        }
        throw fail(error);
      }
    },
    get failure() {
      return failure;
    },
    async close() {
      closed = true;
      await opening?.then((db) => db.close()).catch(() => undefined);
    },
  };
}
