export interface LaneLimits {
  /** Pieces of work of one name, and of all, that may wait or run. */
  readonly maxOfOne: number;
  readonly maxInAll: number;
}

type Work = () => Promise<void>;

/** Runs pieces of work of the same name one after another, in the order in which they came; of other names at the same time. */
export interface Lanes {
  /** `false` when there is no room: the work is not done. What it throws goes to `onError`, and the next has its turn. */
  take(name: string, work: Work, onError: (error: unknown) => void): boolean;
  readonly waiting: number;
}

export function createLanes({ maxOfOne, maxInAll }: LaneLimits): Lanes {
  const queues = new Map<string, Work[]>();
  let waiting = 0;

  async function runAll(name: string, lane: Work[]): Promise<void> {
    for (let work = lane[0]; work !== undefined; work = lane[0]) {
      await work();
      lane.shift();
      waiting -= 1;
    }
    queues.delete(name);
  }

  return {
    take(name, work, onError) {
      const lane = queues.get(name);
      if (waiting >= maxInAll || (lane?.length ?? 0) >= maxOfOne) return false;
      waiting += 1;
      const safe = () => work().catch(onError);
      if (lane !== undefined) lane.push(safe);
      else {
        const fresh = [safe];
        queues.set(name, fresh);
        void runAll(name, fresh);
      }
      return true;
    },
    get waiting() {
      return waiting;
    },
  };
}
