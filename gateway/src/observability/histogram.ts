/** Upper bounds in ms, about 20 % apart from 0.1 ms to 10 minutes: a fixed number of counters, whatever is recorded. */
const BOUNDS: readonly number[] = makeBounds();

export interface HistogramSummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly buckets: readonly { readonly upToMs: number; readonly count: number }[];
}

/** Counts durations in fixed buckets; a percentile is exact to one bucket (20 %). */
export interface Histogram {
  record(durationMs: number): void;
  summary(): HistogramSummary;
}

export function createHistogram(): Histogram {
  const counts = new Float64Array(BOUNDS.length + 1);
  let total = 0;
  let maxMs = 0;
  const percentile = (share: number): number => {
    if (total === 0) return 0;
    const rank = Math.ceil(share * total);
    let seen = 0;
    for (let index = 0; index < counts.length; index += 1) {
      seen += counts[index] ?? 0;
      if (seen >= rank) return Math.min(BOUNDS[index] ?? maxMs, maxMs);
    }
    return maxMs;
  };
  return {
    record(durationMs) {
      const duration = Number.isFinite(durationMs) && durationMs > 0 ? durationMs : 0;
      const index = bucketOf(duration);
      counts[index] = (counts[index] ?? 0) + 1;
      total += 1;
      maxMs = Math.max(maxMs, duration);
    },
    summary: () => ({
      count: total,
      p50Ms: rounded(percentile(0.5)),
      p90Ms: rounded(percentile(0.9)),
      p99Ms: rounded(percentile(0.99)),
      maxMs: rounded(maxMs),
      buckets: usedRange(counts),
    }),
  };
}

/** First bucket whose upper bound is not below the duration, by bisection. */
function bucketOf(durationMs: number): number {
  let low = 0;
  let high = BOUNDS.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((BOUNDS[middle] ?? Number.POSITIVE_INFINITY) < durationMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function usedRange(counts: Float64Array): HistogramSummary['buckets'] {
  const first = counts.findIndex((count) => count > 0);
  if (first < 0) return [];
  const last = counts.findLastIndex((count) => count > 0);
  return Array.from(counts.subarray(first, last + 1), (count, offset) => ({
    upToMs: rounded(BOUNDS[first + offset] ?? Number.MAX_SAFE_INTEGER),
    count,
  }));
}

function makeBounds(): number[] {
  const bounds: number[] = [];
  for (let bound = 0.1; bound <= 600_000; bound *= 1.2) bounds.push(rounded(bound));
  return bounds;
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
