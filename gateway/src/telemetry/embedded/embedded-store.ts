import type { Clock } from '../../edges/edges.ts';
import type { Reading } from '../reading.ts';
import { decodeReading, encodeReading } from '../reading-codec.ts';
import { createReopeningLevel, type Db } from '../reopening-level.ts';
import { type EnergySum, lengthMs, type ReadingStore, type SumResolution, type Window } from '../store.ts';
import { added, EMPTY_SUM, type RunningSum, shownSum } from '../sums.ts';
import { createHousekeeping, type EmbeddedLimits } from './housekeeping.ts';
import {
  DAYS,
  decodeSum,
  encodeSum,
  HOURS,
  RAW,
  type RowKind,
  rangesOf,
  rawKey,
  startOfSum,
  sumKey,
} from './rows.ts';

export type { EmbeddedLimits } from './housekeeping.ts';

const KIND_OF: Readonly<Record<SumResolution, RowKind>> = { hour: HOURS, day: DAYS };
const RESOLUTIONS = ['hour', 'day'] as const;

export interface EmbeddedEdges {
  readonly clock: Clock;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Readings on LevelDB in the data directory: each as it came for some days, and the sums of hours and days for longer. Not
 * synced: it guards no money, and the operating system keeps it through a kill -9. A database that cannot be used is
 * opened again by itself; meanwhile everything throws TELEMETRY_UNAVAILABLE.
 */
export function openEmbeddedStore(
  directory: string,
  limits: EmbeddedLimits,
  { clock, onError }: EmbeddedEdges,
): ReadingStore {
  const level = createReopeningLevel(directory, clock);
  const housekeeping = createHousekeeping(level, limits, { clock, onError });

  return {
    append: (readings) => level.use((db) => append(db, readings)),
    raw: (window, limit) => level.use((db) => readRaw(db, window, limit)),
    sums: (window, resolution) => level.use((db) => readSums(db, window, resolution)),
    view: () =>
      level.failure === undefined ? { state: 'ok' } : { state: 'failing', message: level.failure },
    figures: housekeeping.figures,
    async close() {
      await housekeeping.close();
      await level.close();
    },
  };
}

/** Readings and the sums that they change in one atomic batch; a reading that is there already changes nothing. */
async function append(db: Db, readings: readonly Reading[]): Promise<void> {
  const byKey = new Map(readings.map((reading) => [rawKey(reading), reading]));
  const keys = [...byKey.keys()];
  const known = await db.getMany(keys);
  const fresh = keys.filter((_, index) => known[index] === undefined);
  const news = fresh.flatMap((key) => byKey.get(key) ?? []);
  const sums = await sumsWith(db, news);
  await db.batch([
    ...fresh.flatMap((key, index) => {
      const reading = news[index];
      return reading === undefined ? [] : [put(key, encodeReading(reading))];
    }),
    ...[...sums].map(([key, sum]) => put(key, encodeSum(sum))),
  ]);
}

const put = (key: string, value: string) => ({ type: 'put', key, value }) as const;

async function sumsWith(db: Db, readings: readonly Reading[]): Promise<Map<string, RunningSum>> {
  const touched = readings.flatMap((reading) =>
    RESOLUTIONS.map((resolution) => ({ key: keyOfSum(reading, resolution), reading })),
  );
  const keys = [...new Set(touched.map(({ key }) => key))];
  const stored = await db.getMany(keys);
  const sums = new Map(
    keys.map((key, index) => {
      const text = stored[index];
      return [key, text === undefined ? EMPTY_SUM : decodeSum(text)];
    }),
  );
  for (const { key, reading } of touched) sums.set(key, added(sums.get(key) ?? EMPTY_SUM, reading));
  return sums;
}

function keyOfSum({ meterId, atUs }: Reading, resolution: SumResolution): string {
  const stepMs = lengthMs(resolution);
  return sumKey(KIND_OF[resolution], meterId, Math.floor(atUs / 1_000 / stepMs) * stepMs);
}

async function readRaw(db: Db, window: Window, limit: number): Promise<readonly Reading[]> {
  const readings: Reading[] = [];
  for (const range of rangesOf(RAW, window.meterId, window)) {
    if (readings.length >= limit) break;
    const rows = await db.values({ ...range, limit: limit - readings.length }).all();
    readings.push(...rows.flatMap((row) => decodeReading(row) ?? []));
  }
  return readings;
}

async function readSums(db: Db, window: Window, resolution: SumResolution): Promise<readonly EnergySum[]> {
  const sums: EnergySum[] = [];
  for (const range of rangesOf(KIND_OF[resolution], window.meterId, window)) {
    const rows = await db.iterator(range).all();
    sums.push(...rows.map(([key, row]) => shownSum(startOfSum(key), decodeSum(row))));
  }
  return sums;
}
