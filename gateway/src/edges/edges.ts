/** Time as the gateway sees it. No money decision looks at it; it only paces, bounds and informs. */
export interface Clock {
  /** Unix milliseconds. Somebody may set it, by years and either way: it dates, and paces nothing. */
  nowMs(): number;
  /** Milliseconds since a moment that is this process's own; only ever rises. Waits and deadlines are told by it. */
  monotonicMs(): number;
  /**
   * Runs once after `delayMs`, unless the returned function is called before. A process that has nothing else to do may end
   * before, unless the timer holds it.
   */
  after(delayMs: number, run: () => void, options?: { readonly holdsProcess?: boolean }): () => void;
}

export interface Random {
  bytes(length: number): Uint8Array;
}

/** Resolves after `delayMs`, or at once when `signal` aborts. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(delayMs, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
