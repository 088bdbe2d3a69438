/** Time as the ledger waits for it; the simulation passes in its own. */
export interface Scheduler {
  /** Lets everything else in the process have its turn. */
  turn(): Promise<void>;
  /** Calls `run` once after `ms`; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}
