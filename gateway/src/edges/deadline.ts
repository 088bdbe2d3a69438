import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from './edges.ts';

export interface Deadline {
  readonly signal: AbortSignal;
  /** To be called when what it bounds has ended. */
  end(): void;
}

/** A signal that aborts with DEADLINE after `afterMs`, or with `parent`. */
export function startDeadline(clock: Clock, afterMs: number, parent: AbortSignal): Deadline {
  const controller = new AbortController();
  const cancel = clock.after(afterMs, () => controller.abort(new TapwattError('DEADLINE')));
  const follow = (): void => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    end() {
      cancel();
      parent.removeEventListener('abort', follow);
    },
  };
}

/** What the work comes to, or a rejection with the signal's reason if that aborts first; the work goes on unheeded then. */
export function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

export interface TimeLimit<T> {
  readonly clock: Clock;
  readonly afterMs: number;
  /** What is thrown then. */
  readonly reason: () => unknown;
  /** Given what the work comes to after that. */
  readonly late?: (value: T) => void;
}

/** What the work comes to, or a rejection with the limit's reason after `afterMs`; what the work or `late` throws after that is unheeded. */
export function inTime<T>(work: Promise<T>, { clock, afterMs, reason, late }: TimeLimit<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const cancel = clock.after(afterMs, () => {
      isOver = true;
      reject(reason());
    });
    work
      .then((value) => (isOver ? late?.(value) : resolve(value)))
      .catch(reject)
      .finally(cancel);
  });
}
