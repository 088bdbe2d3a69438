import { LedgerUnavailable } from '../errors.ts';
import { Bell } from './bell.ts';
import type { BlockSigner } from './block.ts';
import type { LedgerClock } from './clock.ts';
import { Group, type Waiter } from './group.ts';
import type { Head } from './head.ts';
import { type Job, JobQueue } from './job-queue.ts';
import type { EmbeddedLimits } from './limits.ts';
import { storedOutcome } from './lookup.ts';
import { type KnownOutcome, overlayReader, type StateReader } from './overlay.ts';
import { Pace } from './pace.ts';
import { processWork, type Verdict } from './processor.ts';
import type { LedgerRules } from './rules.ts';
import type { Scheduler } from './scheduler.ts';
import type { Storage } from './storage.ts';
import { broken, committedWaiter, refusedWaiter, rejected, unavailable } from './waiters.ts';

const MS_PER_SECOND = 1000;

export interface WriterParts {
  readonly storage: Storage;
  readonly head: Head;
  readonly ledgerId: string;
  readonly rules: LedgerRules;
  readonly signer: BlockSigner;
  readonly limits: EmbeddedLimits;
  readonly scheduler: Scheduler;
  readonly clock: LedgerClock;
  /** A block is durable; told before anyone who waits for it. */
  readonly onDurable: (group: Group, head: Head, syncMs: number) => void;
  /** The storage failed and this writer is dead; told before anyone who waits. */
  readonly onFailed: (error: unknown) => void;
}

/**
 * Executes transactions one after another and commits them in groups.
 *
 * One group at most is on its way to disk; meanwhile the next executes over it. Nobody hears of anything, a refusal
 * included, before all that it rests on is durable. If the disk fails, everything that is not durable fails, and the
 * writer is dead: a new one starts from what is truly on disk.
 */
export class Writer {
  readonly #parts: WriterParts;
  readonly #queue: JobQueue;
  readonly #bell = new Bell();
  readonly #reader: StateReader;
  readonly #pace: Pace;
  readonly #done: Promise<void>;
  #group: Group;
  #flight: Group | undefined;
  #tip: Head;
  #dead: LedgerUnavailable | undefined;
  #closing = false;

  constructor(parts: WriterParts) {
    this.#parts = parts;
    this.#queue = new JobQueue(parts.limits);
    this.#tip = parts.head;
    this.#group = new Group(parts.head.number + 1);
    this.#reader = overlayReader(() => this.#layers(), parts.storage);
    this.#pace = new Pace({ ...parts, sliceMs: parts.limits.sliceMs });
    this.#done = this.#loop();
  }

  get queue(): { readonly length: number; readonly bytes: number } {
    return this.#queue;
  }

  /** Takes a job, which is resolved or rejected later. Throws `LedgerUnavailable`, also with code BUSY. */
  submit(job: Job): void {
    if (this.#dead !== undefined) throw this.#dead;
    if (this.#closing) throw new LedgerUnavailable('The ledger is closing.');
    this.#queue.push(job);
    this.#bell.ring();
  }

  /** Takes back a job that has not begun; false if it has. */
  withdraw(job: Job): boolean {
    return this.#queue.remove(job);
  }

  /** Resolves when everything taken so far is settled one way or the other. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#bell.ring();
    await this.#done;
  }

  #layers(): readonly Group[] {
    return this.#flight === undefined ? [this.#group] : [this.#group, this.#flight];
  }

  async #loop(): Promise<void> {
    while (this.#dead === undefined) {
      const job = this.#mayExecute() ? this.#queue.shift() : undefined;
      if (job !== undefined) await this.#run(job);
      const flushed = this.#flushIfDue();
      if (job !== undefined || flushed) {
        if (this.#queue.length > 0) await this.#pace.turn();
      } else if (this.#closing && this.#flight === undefined) return;
      else await this.#bell.wait();
    }
  }

  #mayExecute(): boolean {
    const { limits } = this.#parts;
    return !this.#group.isFull(limits) && this.#flight?.isAwaited(limits) !== true;
  }

  async #run(job: Job): Promise<void> {
    try {
      const parts = { reader: this.#reader, rules: this.#parts.rules, pace: this.#pace };
      const [version, known] = [this.#group.nextVersion, this.#known(job.txId)];
      const verdict = await processWork(job.work, { ...parts, version, known });
      // What ran while the storage failed ran over a state that may not exist.
      if (this.#dead === undefined) this.#answer(job, verdict);
      else job.reject(this.#dead);
    } catch (error) {
      this.#fail(error);
      job.reject(unavailable(error));
    }
  }

  #known(txId: string): KnownOutcome | undefined {
    for (const layer of this.#layers()) {
      const known = layer.outcomes.get(txId);
      if (known !== undefined) return known;
    }
    return storedOutcome(this.#parts.storage, txId);
  }

  #answer(job: Job, verdict: Verdict): void {
    const waiter = this.#waiterFor(job, verdict);
    const layer = this.#restsOn(verdict);
    if (layer === undefined) waiter.landed();
    else layer.waiters.push(waiter);
  }

  #waiterFor(job: Job, verdict: Verdict): Waiter {
    switch (verdict.outcome) {
      case 'executed':
        return committedWaiter(job, this.#group.add(verdict.executed, this.#parts.rules.historyKept));
      case 'repeated':
        return committedWaiter(job, verdict.known.committed);
      case 'rejected':
        return refusedWaiter(job, rejected(verdict.error, verdict.error));
      case 'failed':
        return refusedWaiter(job, broken(job.txId, verdict.error));
      default:
        return verdict satisfies never;
    }
  }

  /** What must be durable before the answer: `undefined` if it is. A refusal rests on the newest state there is. */
  #restsOn(verdict: Verdict): Group | undefined {
    if (verdict.outcome !== 'repeated') return this.#group.count > 0 ? this.#group : this.#flight;
    const { blockNumber } = verdict.known.committed;
    return this.#layers().find(({ number }) => number === blockNumber);
  }

  /** With the disk idle a group goes at once, but waits a little for those who are in the queue already. */
  #flushIfDue(): boolean {
    const { limits } = this.#parts;
    const group = this.#group;
    if (this.#dead !== undefined || this.#flight !== undefined || group.count === 0) return false;
    const mayGrow = !group.isFull(limits) && !group.reaches(limits.eagerTransactions, limits.eagerBytes);
    if (this.#queue.length > 0 && mayGrow) return false;
    try {
      this.#flush(group);
    } catch (error) {
      this.#fail(error);
    }
    return true;
  }

  #flush(group: Group): void {
    const { ledgerId, signer, clock, storage } = this.#parts;
    const at = Math.floor(clock.now() / MS_PER_SECOND);
    const { head, rows } = group.seal(this.#tip, { ledgerId, signer, at });
    this.#tip = head;
    this.#flight = group;
    this.#group = new Group(group.number + 1);
    const begun = clock.monotonic();
    storage.commit(rows, { sync: true }).then(
      () => this.#landed(group, head, clock.monotonic() - begun),
      (error: unknown) => this.#fail(error),
    );
  }

  #landed(group: Group, head: Head, syncMs: number): void {
    if (this.#dead !== undefined) return;
    this.#flight = undefined;
    this.#parts.onDurable(group, head, syncMs);
    for (const waiter of group.waiters) waiter.landed();
    this.#bell.ring();
  }

  #fail(error: unknown): void {
    if (this.#dead !== undefined) return;
    this.#dead = unavailable(error);
    this.#parts.onFailed(error);
    for (const waiter of this.#flight?.waiters ?? []) waiter.failed(this.#dead, true);
    for (const waiter of this.#group.waiters) waiter.failed(this.#dead, false);
    for (let job = this.#queue.shift(); job !== undefined; job = this.#queue.shift()) job.reject(this.#dead);
    this.#bell.ring();
  }
}
