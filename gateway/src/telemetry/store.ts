import type { Reading } from './reading.ts';

/** What is asked of one meter; `toMs` is excluded. Unix milliseconds. */
export interface Window {
  readonly meterId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export type SumResolution = 'hour' | 'day';

/** What the readings of one hour or UTC day come to. */
export interface EnergySum {
  /** Its start, Unix milliseconds. */
  readonly fromMs: number;
  /** Readings of the energy register; without any, nobody knows what was consumed. */
  readonly readings: number;
  /** The register at the first and the last of them. */
  readonly firstWh?: number;
  readonly lastWh?: number;
  /** Mean and largest power of the readings. */
  readonly powerW?: number;
  readonly maxPowerW?: number;
  /** The last that was told, minor units. */
  readonly balance?: bigint;
}

/** How a store fares: `failing` while it takes nothing, and says why. */
export type StoreView = { readonly state: 'ok' } | { readonly state: 'failing'; readonly message: string };

/**
 * Where readings are kept and found again. The same reading may be appended any number of times and counts once. What it
 * answers is in order of time. Reading throws TELEMETRY_UNAVAILABLE.
 */
export interface ReadingStore {
  /** Resolves when they are kept, whatever happens to this process; one call after another. What it throws may be tried again. */
  append(readings: readonly Reading[]): Promise<void>;
  /** The oldest `limit` readings of a window. */
  raw(window: Window, limit: number): Promise<readonly Reading[]>;
  /** The hours or days that begin in a window and have any reading. */
  sums(window: Window, resolution: SumResolution): Promise<readonly EnergySum[]>;
  view(): StoreView;
  figures(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export const lengthMs = (resolution: SumResolution): number => (resolution === 'hour' ? HOUR_MS : DAY_MS);
