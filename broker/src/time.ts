/** Time as the broker sees it: it only paces and bounds. */
export interface BrokerTime {
  /** Monotonic milliseconds. */
  now(): number;
  /** Runs once after `delayMs`, unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void;
  /** Runs once, after what has come in within this turn of the event loop. */
  turn(run: () => void): void;
}
