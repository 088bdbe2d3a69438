import type { LedgerEvent } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { LedgerUnavailable } from '../errors.ts';
import type { Committed } from '../ledger.ts';
import { type BlockSigner, transactionsOf } from './block.ts';
import { readBlock } from './block-codec.ts';
import type { LedgerClock } from './clock.ts';
import { EventFeed } from './event-feed.ts';
import { eventOf } from './group.ts';
import type { Head } from './head.ts';
import { LatencyHistogram } from './histogram.ts';
import type { Job, Work } from './job-queue.ts';
import type { EmbeddedLimits } from './limits.ts';
import { storedOutcome } from './lookup.ts';
import { queryStateOf, watchedView } from './query-state.ts';
import { isPermanent, Reopener } from './reopener.ts';
import type { LedgerRules } from './rules.ts';
import type { Scheduler } from './scheduler.ts';
import type { Session } from './session.ts';
import { type EmbeddedStats, GroupSizes, type LedgerCondition } from './stats.ts';
import type { StorageSnapshot, StorageView } from './storage.ts';
import { StorageError } from './storage-error.ts';
import { rejected, unavailable } from './waiters.ts';
import { WatchedReads } from './watched-reads.ts';
import { Writer } from './writer.ts';

export interface EngineParts {
  readonly session: Session;
  /** Opens the storage again after a failure. */
  readonly open: () => Promise<Session>;
  readonly rules: LedgerRules;
  readonly signer: BlockSigner;
  readonly clock: LedgerClock;
  readonly scheduler: Scheduler;
  readonly limits: EmbeddedLimits;
  readonly onCondition: (condition: LedgerCondition, error?: unknown) => void;
}

interface Active {
  readonly session: Session;
  readonly writer: Writer;
}

const txIdOf = (work: Work): string => ('jws' in work ? work.txId : work.call.txId);

/** Keeps one writer on one open storage, and opens the storage again when it failed. */
export class Engine {
  readonly feed: EventFeed;
  readonly #parts: EngineParts;
  readonly #pending = new Map<string, Promise<unknown>>();
  readonly #sizes = new GroupSizes();
  readonly #sync = new LatencyHistogram();
  readonly #reopener: Reopener;
  #active: Active | undefined;
  #head: Head;
  #condition: LedgerCondition = 'open';
  #failure = new LedgerUnavailable('The ledger is closed.');
  #recovering: Promise<void> | undefined;
  #queries = 0;
  #reopenings = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
    const { limits, scheduler, open } = parts;
    const onAttemptFailed = (error: unknown): void => this.#turnTo('failed', error);
    this.#reopener = new Reopener({ open, limits, scheduler, onAttemptFailed });
    const source = {
      headNumber: () => this.#head.number,
      eventsOf: (block: number) => this.#eventsOf(block),
    };
    this.feed = new EventFeed(source, limits);
    this.#head = parts.session.head;
    this.#activate(parts.session);
  }

  get condition(): LedgerCondition {
    return this.#condition;
  }

  get head(): Head {
    return this.#head;
  }

  /** Queues work and answers when it is durable. Throws `LedgerRejected`, `LedgerUnavailable` or `OutcomeUnknown`. */
  submit(work: Work, bytes: number, signal?: AbortSignal): Promise<Committed<unknown>> {
    const txId = txIdOf(work);
    const answer = this.#enqueue(work, bytes, signal);
    this.#pending.set(txId, answer);
    const forget = (): void => {
      if (this.#pending.get(txId) === answer) this.#pending.delete(txId);
    };
    answer.then(forget, forget);
    return answer;
  }

  async #enqueue(work: Work, bytes: number, signal: AbortSignal | undefined): Promise<Committed<unknown>> {
    const { writer } = this.#require();
    const { promise, resolve, reject } = Promise.withResolvers<Committed<unknown>>();
    const job: Job = { work, txId: txIdOf(work), bytes, resolve, reject };
    const abort = (): void => {
      if (writer.withdraw(job)) reject(aborted(signal));
    };
    if (signal?.aborted === true) throw aborted(signal);
    writer.submit(job);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      return await promise;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /** The durable outcome of a transaction id; waits for one that is still under way. */
  async lookup(txId: string): Promise<Committed<unknown> | undefined> {
    await this.#pending.get(txId)?.catch(() => undefined);
    const { session } = this.#require();
    try {
      return storedOutcome(session.storage, txId)?.committed;
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** Runs a query over durable state of one moment. Throws `LedgerRejected` or `LedgerUnavailable`. */
  async evaluate(name: string, request: unknown): Promise<unknown> {
    const snapshot = this.snapshot();
    try {
      return await this.evaluateOver(snapshot, name, request);
    } finally {
      snapshot.close();
    }
  }

  async evaluateOver(view: StorageView, name: string, request: unknown): Promise<unknown> {
    const { rules, limits } = this.#parts;
    if (this.#queries >= limits.queries) {
      throw new LedgerUnavailable(`${this.#queries} queries are running already.`, { code: 'BUSY' });
    }
    this.#queries += 1;
    const reads = new WatchedReads();
    try {
      const state = queryStateOf(watchedView(view, reads));
      return await rules.runQuery(name, request, state).finally(() => reads.require());
    } catch (error) {
      if (error instanceof StorageError) throw unavailable(error);
      if (error instanceof TapwattError) throw rejected(error, error);
      throw new LedgerUnavailable(`Query ${name} failed inside the rules.`, {
        code: 'INTERNAL',
        cause: error,
      });
    } finally {
      this.#queries -= 1;
    }
  }

  /** The durable rows of this moment; to be closed. Throws `LedgerUnavailable`. */
  snapshot(): StorageSnapshot {
    try {
      return this.#require().session.storage.snapshot();
    } catch (error) {
      throw unavailable(error);
    }
  }

  async stats(): Promise<EmbeddedStats> {
    const { number, transactions, stateKeys } = this.#head;
    const { length = 0, bytes = 0 } = this.#active?.writer.queue ?? {};
    return {
      condition: this.#condition,
      headBlock: number,
      blocks: number + 1,
      transactions,
      stateKeys,
      storedBytes: (await this.#active?.session.storage.size()) ?? 0,
      queuedTransactions: length,
      queuedBytes: bytes,
      subscribers: this.feed.subscribers,
      reopenings: this.#reopenings,
      groups: this.#sizes.summary(),
      sync: this.#sync.summary(),
    };
  }

  async close(): Promise<void> {
    this.#reopener.stop();
    await this.#active?.writer.close();
    await this.#recovering;
    const active = this.#active;
    await active?.writer.close();
    this.#active = undefined;
    this.#failure = new LedgerUnavailable('The ledger is closed.');
    this.#turnTo('closed');
    this.feed.close();
    await active?.session.storage.close();
  }

  #require(): Active {
    if (this.#active === undefined) throw this.#failure;
    return this.#active;
  }

  #activate(session: Session): void {
    const { rules, signer, clock, scheduler, limits } = this.#parts;
    const writer = new Writer({
      storage: session.storage,
      head: session.head,
      ledgerId: session.meta.ledgerId,
      rules,
      signer,
      clock,
      scheduler,
      limits,
      onDurable: (group, head, syncMs) => {
        this.#head = head;
        this.#sizes.record(group.count);
        this.#sync.record(syncMs);
        this.feed.publish(group.number, group.events, group.bytes);
      },
      onFailed: (error) => this.#storageFailed(session, error),
    });
    this.#active = { session, writer };
    this.#head = session.head;
  }

  #storageFailed(session: Session, error: unknown): void {
    this.#active = undefined;
    this.#turnTo(isPermanent(error) ? 'damaged' : 'failed', error);
    this.#recovering = this.#recover(session);
  }

  async #recover({ storage }: Session): Promise<void> {
    try {
      await storage.close();
    } catch {
      // A storage that failed may fail to close too; opening it again tells.
    }
    if (this.#condition === 'damaged') return;
    try {
      const session = await this.#reopener.run(this.#head);
      if (session === undefined) return;
      this.#activate(session);
      this.#reopenings += 1;
      this.#turnTo('open');
      this.feed.wake();
    } catch (error) {
      this.#turnTo('damaged', error);
    }
  }

  #turnTo(condition: LedgerCondition, error?: unknown): void {
    this.#condition = condition;
    if (error !== undefined) this.#failure = unavailable(error);
    this.#parts.onCondition(condition, error);
  }

  /** While the storage is away, or cannot read the block, a reader of events waits. */
  #eventsOf(blockNumber: number): readonly LedgerEvent[] | undefined {
    try {
      const block = this.#active && readBlock(this.#active.session.storage, blockNumber);
      return (
        block &&
        transactionsOf(block).flatMap(({ txId, event }) =>
          event === undefined ? [] : [eventOf(blockNumber, txId, event)],
        )
      );
    } catch {
      return undefined;
    }
  }
}

const aborted = (signal: AbortSignal | undefined): LedgerUnavailable =>
  new LedgerUnavailable('The caller gave up before the transaction began.', {
    code: 'DEADLINE',
    cause: signal?.reason,
  });
