/** Counts events in each of the last seconds, in a ring of fixed size. */
export interface PerSecond {
  add(atMs: number, count?: number): void;
  /** Counts of the whole seconds before `nowMs`, oldest first. */
  series(nowMs: number): readonly number[];
}

export function createPerSecond(seconds: number): PerSecond {
  const counts = new Float64Array(seconds + 1);
  const stamps = new Float64Array(seconds + 1).fill(-1);
  return {
    add(atMs, count = 1) {
      const second = Math.floor(atMs / 1_000);
      const slot = second % counts.length;
      if (stamps[slot] !== second) {
        stamps[slot] = second;
        counts[slot] = 0;
      }
      counts[slot] = (counts[slot] ?? 0) + count;
    },
    series(nowMs) {
      const current = Math.floor(nowMs / 1_000);
      return Array.from({ length: seconds }, (_, index) => {
        const second = current - seconds + index;
        const slot = ((second % counts.length) + counts.length) % counts.length;
        return stamps[slot] === second ? (counts[slot] ?? 0) : 0;
      });
    },
  };
}
