import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';
import type { TracedFrame } from './traced-frame.ts';

/** Who watches frames at once; more are refused with BUSY. */
const MAX_WATCHERS = 16;

type Listener = (frame: TracedFrame) => void;

/** Frames of single meters for whoever watches them; nobody keeps any, and it costs nothing while nobody watches. */
export interface FrameTrace {
  readonly isWatched: boolean;
  watches(meterId: string): boolean;
  note(frame: Omit<TracedFrame, 'atMs'>): void;
  /** Calls `listener` at each frame of this meter until the returned function is called. It must return at once. Throws BUSY. */
  watch(meterId: string, listener: Listener): () => void;
}

export function createFrameTrace(clock: Pick<Clock, 'nowMs'>): FrameTrace {
  const watchers = new Map<Listener, string>();
  return {
    get isWatched() {
      return watchers.size > 0;
    },
    watches: (meterId) => watchers.size > 0 && [...watchers.values()].includes(meterId),
    note(frame) {
      const traced = { atMs: clock.nowMs(), ...frame };
      for (const [listener, meterId] of watchers) if (meterId === frame.meterId) listener(traced);
    },
    watch(meterId, listener) {
      if (watchers.size >= MAX_WATCHERS) throw new TapwattError('BUSY', 'Too many traces are open.');
      watchers.set(listener, meterId);
      return () => void watchers.delete(listener);
    },
  };
}
