import type { Clock } from '../../edges/edges.ts';
import type { Db, ReopeningLevel } from '../reopening-level.ts';
import { DAY_MS } from '../store.ts';
import { allOf, before, blockAround, DAYS, HOURS, type KeyRange, RAW, type RowKind } from './rows.ts';

export interface EmbeddedLimits {
  readonly rawDays: number;
  readonly hourlyDays: number;
  readonly dailyDays: number;
  /** On disk; what is oldest goes earlier than its days when there is more. */
  readonly maxBytes: number;
}

const EVERY_MS = 600_000;
const FIRST_MS = 60_000;
/** Blocks that one round removes for want of room. */
const MAX_BLOCKS = 200;

export interface Housekeeping {
  figures(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Removes what is too old, then what is too much: raw readings first, oldest first, then hours, then days. */
export function createHousekeeping(
  level: ReopeningLevel,
  limits: EmbeddedLimits,
  { clock, onError }: { readonly clock: Clock; readonly onError: (error: unknown, doing: string) => void },
): Housekeeping {
  let bytes = 0;
  let crowdedOut = 0;
  let running = Promise.resolve();
  let closed = false;
  let cancel = clock.after(FIRST_MS, begin);

  function begin(): void {
    running = level
      .use(async (db) => {
        await removeOld(db, limits, clock.nowMs());
        crowdedOut += await removeExcess(db, limits.maxBytes, { nowMs: clock.nowMs(), isOver: () => closed });
        bytes = await sizeOf(db);
      })
      .catch((error) => onError(error, 'tidy the store of readings'))
      .then(() => {
        if (!closed) cancel = clock.after(EVERY_MS, begin);
      });
  }

  return {
    figures: () => ({ diskBytes: bytes, hoursCrowdedOut: crowdedOut }),
    async close() {
      closed = true;
      cancel();
      await running;
    },
  };
}

/** Removes what is past its days. */
async function removeOld(db: Db, limits: EmbeddedLimits, nowMs: number): Promise<void> {
  await remove(db, before(RAW, nowMs - limits.rawDays * DAY_MS));
  await remove(db, before(HOURS, nowMs - limits.hourlyDays * DAY_MS));
  await remove(db, before(DAYS, nowMs - limits.dailyDays * DAY_MS));
}

/** Removes the oldest blocks until the rest fits; the block of now stays. Answers how many went. */
async function removeExcess(
  db: Db,
  maxBytes: number,
  { nowMs, isOver }: { readonly nowMs: number; readonly isOver: () => boolean },
): Promise<number> {
  let removed = 0;
  for (const kind of [RAW, HOURS, DAYS]) {
    while (removed < MAX_BLOCKS && !isOver() && (await sizeOf(db)) > maxBytes) {
      const oldest = await oldestBlock(db, kind);
      if (oldest === undefined || oldest.startMs + kind.blockMs > nowMs) break;
      await remove(db, oldest);
      removed += 1;
    }
  }
  return removed;
}

async function oldestBlock(db: Db, kind: RowKind) {
  const [key] = await db.keys({ ...allOf(kind), limit: 1 }).all();
  return key === undefined ? undefined : blockAround(kind, key);
}

/** Room comes back only when the range is compacted. */
async function remove(db: Db, { gte, lt }: KeyRange): Promise<void> {
  const [first] = await db.keys({ gte, lt, limit: 1 }).all();
  if (first === undefined) return;
  await db.clear({ gte, lt });
  await db.compactRange(gte, lt);
}

async function sizeOf(db: Db): Promise<number> {
  const sizes = await Promise.all(
    [RAW, HOURS, DAYS].map((kind) => {
      const { gte, lt } = allOf(kind);
      return db.approximateSize(gte, lt);
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
