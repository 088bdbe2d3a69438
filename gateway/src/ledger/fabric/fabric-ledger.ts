import {
  FIND_TRANSACTION,
  type LedgerEvent,
  ORDER,
  type QueryName,
  type QueryRequest,
  type QueryResult,
  type TransactionName,
  type TransactionRequest,
  type TransactionResult,
} from '@tapwatt/chaincode';
import { canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../../edges/edges.ts';
import { LedgerRejected, LedgerUnavailable, OutcomeUnknown } from '../errors.ts';
import type { Committed, Ledger, SubmitOptions } from '../ledger.ts';
import { createBriefQueries, isBrief } from './brief-queries.ts';
import type { CommittedInBlock, FabricChannel, Invocation } from './channel.ts';
import type { ChainHead } from './committed-transaction.ts';
import { followEvents } from './follow-events.ts';
import type { FabricLimits } from './limits.ts';
import { asNothingHappened, saidByContract } from './stage-errors.ts';
import { transact } from './transact.ts';
import { Turns } from './turns.ts';

const CLIENT_TX_ID = /^[0-9a-f]{32}$/;
const FABRIC_TX_ID = /^[0-9a-f]{64}$/;
const NO_SUCH_TRANSACTION = /no such transaction ID/i;

export interface FabricLedgerParts {
  readonly channel: FabricChannel;
  readonly clock: Clock;
  readonly random: Random;
  readonly limits: FabricLimits;
}

/** What the adapter counts of itself. */
export interface FabricFigures {
  readonly transactionsUnderWay: number;
  readonly transactionsWaiting: number;
  readonly queriesUnderWay: number;
  readonly queriesWaiting: number;
  /** Endorsed again because others were faster, since the process started. */
  readonly conflicts: number;
}

/**
 * The ledger on Fabric, as the party whose certificate signs. A caller's transaction id goes along with the request and
 * the contract carries it out once; a transaction committed is known by Fabric's own id, which the records name.
 */
export class FabricLedger implements Ledger {
  readonly #parts: FabricLedgerParts;
  readonly #transactions: Turns;
  readonly #queries: Turns;
  readonly #lane: Turns;
  readonly #brief: ReturnType<typeof createBriefQueries>;
  readonly #closing = new AbortController();
  #conflicts = 0;

  constructor(parts: FabricLedgerParts) {
    const { transactions, queries, waiting } = parts.limits;
    this.#parts = parts;
    this.#transactions = new Turns(transactions, waiting);
    this.#queries = new Turns(queries, waiting);
    this.#lane = new Turns(1, transactions);
    this.#brief = createBriefQueries({
      evaluate: (invocation) => this.#queries.take(() => parts.channel.evaluate(invocation)),
      ...{ clock: parts.clock, waiting },
    });
  }

  async submit<N extends TransactionName>(
    name: N,
    request: TransactionRequest<N>,
    { txId, signal }: SubmitOptions = {},
  ): Promise<Committed<TransactionResult<N>>> {
    if (txId !== undefined && !CLIENT_TX_ID.test(txId)) {
      throw new LedgerRejected('BAD_REQUEST', 'A transaction id is 32 lower-case hex digits.');
    }
    const args = [this.#textOf(request), ...(txId === undefined ? [] : [txId])];
    const committed = await this.#commit({ name, args }, { txId, signal });
    return committed as Committed<TransactionResult<N>>;
  }

  /** Commits an administrative order signed by its party (JWS), whoever brings it; the same order again has its first outcome. */
  submitOrder(jws: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Committed<unknown>> {
    return this.#commit({ name: ORDER, args: [jws] }, { txId: undefined, signal });
  }

  async evaluate<N extends QueryName>(name: N, request: QueryRequest<N>): Promise<QueryResult<N>> {
    const text = this.#textOf(request);
    const asked = isBrief(name) ? this.#brief.ask({ name, text }) : this.#ask({ name, args: [text] });
    return (await asked) as QueryResult<N>;
  }

  async lookup(txId: string): Promise<Committed<unknown> | undefined> {
    if (FABRIC_TX_ID.test(txId)) return this.#outcomeOf(txId);
    const fabricTxId = await this.#ask({ name: FIND_TRANSACTION, args: [txId] });
    return typeof fabricTxId === 'string' ? this.#outcomeOf(fabricTxId) : undefined;
  }

  events(fromBlock: number | 'now', signal: AbortSignal): AsyncIterable<LedgerEvent> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    return followEvents(this.#parts, fromBlock === 'now' ? 'now' : Math.max(0, fromBlock), ended);
  }

  /** The newest block. Throws `LedgerUnavailable`. */
  async head(): Promise<ChainHead> {
    try {
      return await this.#queries.take(() => this.#parts.channel.head());
    } catch (error) {
      throw asNothingHappened(error);
    }
  }

  figures(): FabricFigures {
    return {
      transactionsUnderWay: this.#transactions.underWay,
      transactionsWaiting: this.#transactions.waiting,
      queriesUnderWay: this.#queries.underWay,
      queriesWaiting: this.#queries.waiting + this.#brief.waiting,
      conflicts: this.#conflicts,
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#parts.channel.close();
  }

  #textOf(request: unknown): string {
    try {
      const text = canonicalJson(request);
      if (Buffer.byteLength(text) <= this.#parts.limits.transactionBytes) return text;
    } catch (error) {
      if (!(error instanceof TapwattError)) throw error;
      throw new LedgerRejected(error.code, error.message, { cause: error, details: { ...error.details } });
    }
    const { transactionBytes } = this.#parts.limits;
    throw new LedgerRejected('BAD_REQUEST', `The request has more than ${transactionBytes} bytes.`);
  }

  async #commit(
    invocation: Invocation,
    { txId, signal }: { readonly txId: string | undefined; readonly signal: AbortSignal | undefined },
  ): Promise<Committed<unknown>> {
    const ended = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    try {
      const committed = await this.#transactions.take(() =>
        transact(this.#transactPorts(), invocation, ended),
      );
      return asCommitted(committed);
    } catch (error) {
      if (error instanceof OutcomeUnknown)
        throw txId === undefined ? error : new OutcomeUnknown(txId, { cause: error });
      const said = saidByContract(error);
      if (said !== undefined && 'known' in said) return this.#firstOutcome(said.known, error);
      throw asNothingHappened(error);
    }
  }

  #transactPorts() {
    const onOvertaken = (): void => {
      this.#conflicts += 1;
    };
    return { ...this.#parts, onOvertaken, lane: this.#lane };
  }

  async #firstOutcome(fabricTxId: string, cause: unknown): Promise<Committed<unknown>> {
    for (const isLevel of [false, true]) {
      if (isLevel && !(await this.#parts.channel.catchUp())) break;
      const outcome = await this.#outcomeOf(fabricTxId);
      if (outcome !== undefined) return outcome;
    }
    throw new LedgerUnavailable(`The peer asked does not have transaction ${fabricTxId} yet.`, { cause });
  }

  async #ask(invocation: Invocation): Promise<unknown> {
    try {
      const answer = await this.#queries.take(() => this.#parts.channel.evaluate(invocation));
      return JSON.parse(Buffer.from(answer).toString('utf8'));
    } catch (error) {
      throw asNothingHappened(error);
    }
  }

  async #outcomeOf(fabricTxId: string): Promise<Committed<unknown> | undefined> {
    const { channel } = this.#parts;
    try {
      return await this.#queries.take(async () => {
        const result = await channel.resultOf(fabricTxId);
        if (result === undefined) return undefined;
        return asCommitted({ fabricTxId, blockNumber: await channel.blockOf(fabricTxId), result });
      });
    } catch (error) {
      const failure = asNothingHappened(error);
      if (NO_SUCH_TRANSACTION.test(failure.message)) return undefined;
      throw failure;
    }
  }
}

const asCommitted = ({ fabricTxId, blockNumber, result }: CommittedInBlock): Committed<unknown> => ({
  txId: fabricTxId,
  blockNumber,
  result: JSON.parse(result),
});
