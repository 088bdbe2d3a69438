import type { Reading } from '../reading.ts';
import type { SumResolution } from '../store.ts';
import { type MetersAndTime, SUMMED_AGAIN_MS, sumAgain } from './statements.ts';

/** Meters of one statement. */
const METERS_AT_A_TIME = 200;

/**
 * The statements that sum again what the database will not by itself: it has summed the hours and days of these readings
 * before they came.
 */
export function sumsOfLate(database: string, readings: readonly Reading[], nowMs: number): readonly string[] {
  return (['hour', 'day'] as const).flatMap((resolution) =>
    inParts(lateOf(readings, resolution, nowMs)).map((of) => sumAgain(database, resolution, of)),
  );
}

function lateOf(readings: readonly Reading[], resolution: SumResolution, nowMs: number): readonly Reading[] {
  const beforeUs = (nowMs - SUMMED_AGAIN_MS[resolution]) * 1_000;
  return readings.filter(({ atUs }) => atUs < beforeUs);
}

/** By meters, so that one that was away for days does not have the days of all the others summed again. */
function inParts(readings: readonly Reading[]): readonly MetersAndTime[] {
  const spans = new Map<string, { fromUs: number; toUs: number }>();
  for (const { meterId, atUs } of readings) {
    const span = spans.get(meterId) ?? { fromUs: atUs, toUs: atUs };
    spans.set(meterId, { fromUs: Math.min(span.fromUs, atUs), toUs: Math.max(span.toUs, atUs) });
  }
  // Neighbours in time share a statement.
  const sorted = [...spans].sort(([, one], [, other]) => one.fromUs - other.fromUs);
  const parts: MetersAndTime[] = [];
  for (let start = 0; start < sorted.length; start += METERS_AT_A_TIME) {
    const part = sorted.slice(start, start + METERS_AT_A_TIME);
    parts.push({
      meters: part.map(([meterId]) => meterId),
      fromMs: Math.floor(Math.min(...part.map(([, { fromUs }]) => fromUs)) / 1_000),
      toMs: Math.floor(Math.max(...part.map(([, { toUs }]) => toUs)) / 1_000) + 1,
    });
  }
  return parts;
}
