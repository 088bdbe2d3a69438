import { LedgerUnavailable } from '../errors.ts';
import type { Committed } from '../ledger.ts';
import type { EmbeddedLimits } from './limits.ts';
import type { Call } from './transaction.ts';

/** What a caller asked for: a call, or an order that is authenticated when its turn comes. */
export type Work = { readonly call: Call } | { readonly jws: string; readonly txId: string };

export interface Job {
  readonly work: Work;
  readonly txId: string;
  readonly bytes: number;
  readonly resolve: (committed: Committed<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

/** Jobs in order of arrival, bounded by number and bytes. */
export class JobQueue {
  readonly #jobs = new Set<Job>();
  readonly #limits: EmbeddedLimits;
  #bytes = 0;

  constructor(limits: EmbeddedLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#jobs.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws `LedgerUnavailable` BUSY. */
  push(job: Job): void {
    const { queueTransactions, queueBytes } = this.#limits;
    if (this.#jobs.size >= queueTransactions || this.#bytes + job.bytes > queueBytes) {
      throw new LedgerUnavailable(`${this.#jobs.size} transactions are waiting already.`, { code: 'BUSY' });
    }
    this.#jobs.add(job);
    this.#bytes += job.bytes;
  }

  shift(): Job | undefined {
    const [job] = this.#jobs;
    if (job !== undefined) this.remove(job);
    return job;
  }

  /** Whether the job was still waiting. */
  remove(job: Job): boolean {
    if (!this.#jobs.delete(job)) return false;
    this.#bytes -= job.bytes;
    return true;
  }
}
