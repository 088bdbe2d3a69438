const BUCKETS_PER_DOUBLING = 8;
const SMALLEST_MS = 0.01;
const BUCKETS = 24 * BUCKETS_PER_DOUBLING;

export interface LatencySummary {
  readonly count: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Latencies from 10 µs to 160 s in buckets 9 % wide: bounded, whatever is counted. */
export class LatencyHistogram {
  readonly #buckets = new Uint32Array(BUCKETS);
  #count = 0;
  #maxMs = 0;

  record(ms: number): void {
    const bucket = Math.ceil(Math.log2(Math.max(ms, SMALLEST_MS) / SMALLEST_MS) * BUCKETS_PER_DOUBLING);
    const index = Math.min(bucket, BUCKETS - 1);
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  #quantile(share: number): number {
    let left = Math.ceil(this.#count * share);
    for (let index = 0; index < BUCKETS; index++) {
      left -= this.#buckets[index] ?? 0;
      if (left <= 0) return Math.min(SMALLEST_MS * 2 ** (index / BUCKETS_PER_DOUBLING), this.#maxMs);
    }
    return this.#maxMs;
  }

  summary(): LatencySummary {
    const [medianMs, p99Ms] = this.#count === 0 ? [0, 0] : [this.#quantile(0.5), this.#quantile(0.99)];
    return { count: this.#count, medianMs, p99Ms, maxMs: this.#maxMs };
  }
}
