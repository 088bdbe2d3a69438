import {
  authenticateOrder,
  type LedgerEvent,
  type LedgerState,
  type OrderIdentity,
  Rejected,
  runQuery,
  runTransaction,
  type Submitter,
  type TransactionContext,
  type TransactionEvent,
} from '@tapwatt/chaincode';
import { bytesToHex, type ErrorCode } from '@tapwatt/firmware-contracts';
import {
  type Committed,
  type Ledger,
  LedgerRejected,
  LedgerUnavailable,
  OutcomeUnknown,
  type SubmitOptions,
} from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';
import { VersionedState } from './versioned-state.ts';

const LEAST_DELAY_MS = 2;
const DELAY_SPREAD_MS = 40;
const BLOCK_EVERY_MS = 60;
const LATE_MS = 20_000;
const AWAY_PROBABILITY = 0.1;
const UNANSWERED_PROBABILITY = 0.1;

/** What a peer made of a proposal: what it read, in which versions, and what it would write. */
interface Endorsed {
  readonly txId: string;
  readonly reads: ReadonlyMap<string, number>;
  readonly writes: ReadonlyMap<string, string>;
  readonly result: unknown;
  readonly event: TransactionEvent | undefined;
  readonly done: (validity: 'valid' | 'conflict' | 'duplicate') => void;
}

/** A transaction as somebody wants it. */
interface Call {
  readonly name: string;
  readonly request: unknown;
  readonly submitter: Submitter;
  readonly order?: OrderIdentity;
}

/**
 * Fabric as its clients know it: endorsed over a state that moves on meanwhile, ordered, and valid only if nothing that
 * it read has changed (MVCC) and its id is new. Answers get lost, commits come late, peers and the orderer go away.
 */
export class FabricModel {
  readonly #world: World;
  readonly #books: Books;
  readonly #chance: Chance;
  readonly #state = new VersionedState();
  readonly #committed = new Map<string, Committed<unknown>>();
  readonly #readers = new Set<(event: LedgerEvent) => void>();
  #ordered: Endorsed[] = [];
  #block = 0;
  #isCutting = false;

  constructor(world: World, books: Books) {
    this.#world = world;
    this.#books = books;
    this.#chance = world.chance('fabric');
  }

  get waiting(): number {
    return this.#ordered.length;
  }

  as(submitter: Submitter): Ledger {
    return {
      submit: async (name, request, options) =>
        (await this.#submit(async () => ({ name, request, submitter }), options)) as never,
      evaluate: async (name, request) => {
        await this.#reach('peer-away');
        return asLedgerErrors(() => runQuery(name, request, this.#state.now()));
      },
      lookup: async (txId) => {
        await this.#reach('peer-away');
        return this.#committed.get(txId);
      },
      events: (_from, signal) => this.#events(signal),
      close: async () => undefined,
    };
  }

  /** Commits a signed order as its party's own; it is authenticated over the state that it is endorsed over. */
  submitOrder(jws: string): Promise<Committed<unknown>> {
    return this.#submit(async (state) => {
      const { requestId, payloadHash, ...call } = await authenticateOrder(state, jws);
      return { ...call, order: { requestId, payloadHash } };
    });
  }

  /** The books as an observer reads them, whom no fault touches. */
  audit(): Pick<Ledger, 'evaluate'> {
    return { evaluate: (name, request) => asLedgerErrors(() => runQuery(name, request, this.#state.now())) };
  }

  /** Founds it; before every fault. */
  async found(genesis: object): Promise<void> {
    const submitter = { partyId: 'genesis', role: 'discom' } as const;
    await this.#submit(async () => ({ name: 'Genesis', request: genesis, submitter }));
  }

  async #submit(
    callOver: (state: LedgerState) => Promise<Call>,
    { txId = bytesToHex(this.#chance.bytes(16)) }: SubmitOptions = {},
  ): Promise<Committed<unknown>> {
    for (;;) {
      const known = this.#committed.get(txId);
      if (known !== undefined) return known;
      await this.#reach('peer-away');
      const endorsed = await this.#endorse(callOver, txId);
      const validity = await this.#order(endorsed, txId);
      const committed = this.#committed.get(txId);
      if (committed !== undefined) return committed;
      if (validity === 'conflict') this.#world.tally.did('MVCC conflicts');
    }
  }

  async #endorse(callOver: (state: LedgerState) => Promise<Call>, txId: string) {
    const { state, reads, writes } = this.#state.during();
    const { result, event } = await asLedgerErrors(async () => {
      const { name, request, ...by } = await callOver(state);
      const ctx: TransactionContext = { state, txId, ...by };
      return runTransaction(name as never, request as never, ctx);
    });
    return { txId, reads, writes, result, event };
  }

  async #order(endorsed: Omit<Endorsed, 'done'>, txId: string): Promise<string> {
    await this.#reach('orderer-away');
    const { time, tally } = this.#world;
    const outcome = Promise.withResolvers<string>();
    const queue = (): void => {
      this.#ordered.push({ ...endorsed, done: outcome.resolve });
      this.#cutLater();
    };
    if (this.#strikes('commit-late')) {
      time.after(this.#chance.below(LATE_MS), queue);
      throw new OutcomeUnknown(txId);
    }
    queue();
    if (this.#strikes('commit-unanswered')) throw new OutcomeUnknown(txId);
    tally.did('endorsed');
    return outcome.promise;
  }

  #strikes(kind: 'commit-late' | 'commit-unanswered'): boolean {
    if (!this.#chance.happens(this.#world.strength(kind) * UNANSWERED_PROBABILITY)) return false;
    this.#world.tally.fault(kind);
    return true;
  }

  async #reach(kind: 'peer-away' | 'orderer-away'): Promise<void> {
    const ms = LEAST_DELAY_MS + this.#chance.below(DELAY_SPREAD_MS);
    await new Promise<void>((resolve) => this.#world.time.after(ms, resolve));
    if (!this.#chance.happens(this.#world.strength(kind) * AWAY_PROBABILITY)) return;
    this.#world.tally.fault(kind);
    throw new LedgerUnavailable(`${kind}`);
  }

  #cutLater(): void {
    if (this.#isCutting) return;
    this.#isCutting = true;
    this.#world.time.after(BLOCK_EVERY_MS, () => {
      this.#isCutting = false;
      this.#commitBlock();
    });
  }

  #commitBlock(): void {
    const block = this.#ordered;
    this.#ordered = [];
    this.#block += 1;
    for (const transaction of block) transaction.done(this.#validate(transaction));
  }

  #validate({ txId, reads, writes, result, event }: Endorsed): 'valid' | 'conflict' | 'duplicate' {
    if (this.#committed.has(txId)) return 'duplicate';
    if (!this.#state.isStill(reads)) return 'conflict';
    this.#state.commit(writes, { txId, blockNumber: this.#block });
    this.#committed.set(txId, { txId, blockNumber: this.#block, result });
    this.#books.committed([...writes]);
    for (const value of writes.values()) this.#world.written('ledger', value);
    if (event !== undefined)
      for (const read of this.#readers) this.#emit({ ...event, txId, blockNumber: this.#block }, read);
    return 'valid';
  }

  /** Late, and lost where a reader's peer goes away. */
  #emit(event: LedgerEvent, read: (event: LedgerEvent) => void): void {
    if (this.#chance.happens(this.#world.strength('peer-away') * AWAY_PROBABILITY)) {
      this.#world.tally.fault('peer-away');
      return;
    }
    this.#world.time.after(LEAST_DELAY_MS + this.#chance.below(DELAY_SPREAD_MS), () => read(event));
  }

  async *#events(signal: AbortSignal): AsyncIterable<LedgerEvent> {
    const unread: LedgerEvent[] = [];
    let wake = (): void => undefined;
    const read = (event: LedgerEvent): void => {
      unread.push(event);
      wake();
    };
    this.#readers.add(read);
    try {
      while (!signal.aborted) {
        for (let event = unread.shift(); event !== undefined; event = unread.shift()) yield event;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      this.#readers.delete(read);
    }
  }
}

/** The rules' refusals in the words of the port. */
const asLedgerErrors = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Rejected)) throw error;
    throw new LedgerRejected(error.code as ErrorCode, error.message, { details: { ...error.details } });
  }
};
