import type { Reading } from './reading.ts';
import { type EnergySum, lengthMs, type ReadingStore, type SumResolution, type Window } from './store.ts';

export type Resolution = 'raw' | SumResolution;

export interface SeriesQuestion extends Window {
  readonly resolution: Resolution;
}

/** One reading, as it was told; the balance in minor units as text. */
export interface ReadingPoint extends Omit<Reading, 'meterId' | 'atUs' | 'balance'> {
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly balance?: string;
  /** It came so long after it was measured that there was a gap meanwhile. */
  readonly late: boolean;
}

/** One hour or UTC day. */
export interface SumPoint extends Omit<EnergySum, 'firstWh' | 'lastWh' | 'balance'> {
  readonly toMs: number;
  /** The register at its last reading. */
  readonly energyWh?: number;
  /** Since the last reading of the hour or day before; absent where the register fell or nothing was read. */
  readonly consumedWh?: number;
  readonly balance?: string;
}

/** A time of which nothing is known; what was consumed in it is known as a whole, where both its ends were read. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly consumedWh?: number;
}

export type MeterSeries = {
  readonly meterId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly gaps: readonly Gap[];
  /** There are more readings behind the last one. */
  readonly truncated: boolean;
} & (
  | { readonly resolution: 'raw'; readonly points: readonly ReadingPoint[] }
  | { readonly resolution: SumResolution; readonly points: readonly SumPoint[] }
);

const MAX_RAW_POINTS = 10_000;

export interface SeriesOptions {
  readonly nowMs: number;
  /** Nothing read for longer is a gap. */
  readonly gapAfterMs: number;
}

type Questions = Pick<ReadingStore, 'raw' | 'sums'>;

/** A meter's readings or sums of a window with their gaps. Throws TELEMETRY_UNAVAILABLE. */
export function meterSeries(
  store: Questions,
  { resolution, ...window }: SeriesQuestion,
  options: SeriesOptions,
): Promise<MeterSeries> {
  return resolution === 'raw'
    ? readingSeries(store, window, options)
    : sumSeries(store, { ...window, resolution }, options);
}

async function readingSeries(
  store: Questions,
  window: Window,
  { nowMs, gapAfterMs }: SeriesOptions,
): Promise<MeterSeries> {
  const found = await store.raw(window, MAX_RAW_POINTS + 1);
  const readings = found.slice(0, MAX_RAW_POINTS);
  const isTruncated = found.length > MAX_RAW_POINTS;
  const last = isTruncated ? readings.at(-1) : undefined;
  // Nothing is missing from the future, nor from where nobody looked.
  const toMs = last === undefined ? Math.min(window.toMs, nowMs) : msOf(last);
  return {
    ...{ ...window, resolution: 'raw', truncated: isTruncated },
    points: readings.map((reading) => readingPoint(reading, gapAfterMs)),
    gaps: gapsBetween(readings, { fromMs: window.fromMs, toMs }, gapAfterMs),
  };
}

async function sumSeries(
  store: Questions,
  { resolution, ...window }: Window & { readonly resolution: SumResolution },
  { nowMs }: SeriesOptions,
): Promise<MeterSeries> {
  const stepMs = lengthMs(resolution);
  const fromMs = Math.floor(window.fromMs / stepMs) * stepMs;
  // The one before tells where the first one's consumption begins.
  const sums = await store.sums({ ...window, fromMs: fromMs - stepMs }, resolution);
  return {
    ...{ ...window, fromMs, resolution, truncated: false },
    points: sums.flatMap((sum, index) =>
      sum.fromMs < fromMs ? [] : [sumPoint(sum, sums[index - 1], stepMs)],
    ),
    gaps: gapsOfSums(sums, { fromMs, toMs: Math.min(window.toMs, nowMs) }, stepMs),
  };
}

/** Below a meter's second stands an order, no time. */
const msOf = ({ atUs, timeOf }: Pick<Reading, 'atUs' | 'timeOf'>): number =>
  timeOf === 'meter' ? Math.floor(atUs / 1_000_000) * 1_000 : Math.floor(atUs / 1_000);

function readingPoint(reading: Reading, gapAfterMs: number): ReadingPoint {
  const { meterId: _, atUs, balance, ...told } = reading;
  const atMs = msOf(reading);
  return {
    ...told,
    atMs,
    ...(balance === undefined ? {} : { balance: String(balance) }),
    late: reading.receivedAtMs - atMs > gapAfterMs,
  };
}

function sumPoint(sum: EnergySum, before: EnergySum | undefined, stepMs: number): SumPoint {
  const { firstWh, lastWh, balance, ...rest } = sum;
  const isNext = before !== undefined && before.fromMs + stepMs === sum.fromMs;
  const sinceWh = (isNext ? before.lastWh : undefined) ?? firstWh;
  return {
    ...rest,
    toMs: sum.fromMs + stepMs,
    ...(lastWh === undefined ? {} : { energyWh: lastWh }),
    ...consumption(sinceWh, lastWh),
    ...(balance === undefined ? {} : { balance: String(balance) }),
  };
}

/** A register that fell was exchanged, or lies: nobody knows what was consumed. */
function consumption(
  sinceWh: number | undefined,
  lastWh: number | undefined,
): { readonly consumedWh?: number } {
  if (sinceWh === undefined || lastWh === undefined || lastWh < sinceWh) return {};
  return { consumedWh: lastWh - sinceWh };
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

interface Mark {
  readonly atMs: number;
  readonly energyWh?: number | undefined;
}

function gapsBetween(readings: readonly Reading[], span: Span, gapAfterMs: number): readonly Gap[] {
  const marks: Mark[] = [
    { atMs: span.fromMs },
    ...marking(readings, ({ energyWh }) => energyWh !== undefined).map((reading) => ({
      atMs: msOf(reading),
      energyWh: reading.energyWh,
    })),
    { atMs: span.toMs },
  ];
  return marks.flatMap((mark, index) => {
    const before = marks[index - 1];
    if (before === undefined || mark.atMs - before.atMs <= gapAfterMs) return [];
    return [{ fromMs: before.atMs, toMs: mark.atMs, ...consumption(before.energyWh, mark.energyWh) }];
  });
}

/** Those of the register; where a meter tells of none at all, as by NFC, whatever it told shows that it was heard. */
function marking<T>(told: readonly T[], isOfRegister: (one: T) => boolean): readonly T[] {
  const registers = told.filter(isOfRegister);
  return registers.length > 0 ? registers : told;
}

/** Hours or days without a reading that counts; neighbours are one gap. */
function gapsOfSums(sums: readonly EnergySum[], span: Span, stepMs: number): readonly Gap[] {
  const isWithin = ({ fromMs }: EnergySum): boolean => fromMs >= span.fromMs;
  const ends = [
    sums.find((sum) => !isWithin(sum)) ?? { fromMs: span.fromMs - stepMs },
    ...marking(sums.filter(isWithin), ({ readings }) => readings > 0),
    // One that is not over yet may still be read.
    { fromMs: Math.floor(span.toMs / stepMs) * stepMs },
  ] as readonly (Partial<EnergySum> & { readonly fromMs: number })[];
  return ends.flatMap((sum, index) => {
    const before = ends[index - 1];
    if (before === undefined) return [];
    const fromMs = Math.max(before.fromMs + stepMs, span.fromMs);
    if (sum.fromMs <= fromMs) return [];
    return [{ fromMs, toMs: sum.fromMs, ...consumption(before.lastWh, sum.firstWh) }];
  });
}
