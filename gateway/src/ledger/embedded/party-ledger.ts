import type {
  LedgerEvent,
  QueryName,
  QueryRequest,
  QueryResult,
  Submitter,
  TransactionName,
  TransactionRequest,
  TransactionResult,
} from '@tapwatt/chaincode';
import { canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import { LedgerRejected } from '../errors.ts';
import type { Committed, Ledger, SubmitOptions } from '../ledger.ts';
import type { Engine } from './engine.ts';
import { rejected } from './waiters.ts';

const TX_ID = /^[0-9a-f]{32}$/;

export interface PartyParts {
  readonly submitter: Submitter;
  readonly newTxId: () => string;
  /** One request, as canonical JSON. */
  readonly maxBytes: number;
}

const requireTxId = (txId: string): string => {
  if (TX_ID.test(txId)) return txId;
  throw new LedgerRejected('BAD_REQUEST', 'A transaction id is 32 lower-case hex digits.');
};

const requestJsonOf = (request: unknown): string => {
  try {
    return canonicalJson(request);
  } catch (error) {
    throw error instanceof TapwattError ? rejected(error, error) : error;
  }
};

/** The bytes of a request within the limit. Throws `LedgerRejected` BAD_REQUEST. */
export const requireSize = (text: string, maxBytes: number): number => {
  const bytes = Buffer.byteLength(text);
  if (bytes <= maxBytes) return bytes;
  throw new LedgerRejected('BAD_REQUEST', `The request has ${bytes} bytes; at most ${maxBytes} are taken.`);
};

/** The embedded ledger as one party sees it: what it submits carries its name. */
export class PartyLedger implements Ledger {
  readonly #engine: Engine;
  readonly #parts: PartyParts;

  constructor(engine: Engine, parts: PartyParts) {
    this.#engine = engine;
    this.#parts = parts;
  }

  async submit<N extends TransactionName>(
    name: N,
    request: TransactionRequest<N>,
    { txId, signal }: SubmitOptions = {},
  ): Promise<Committed<TransactionResult<N>>> {
    const { submitter, newTxId, maxBytes } = this.#parts;
    const requestJson = requestJsonOf(request);
    const bytes = requireSize(requestJson, maxBytes);
    const call = { txId: txId === undefined ? newTxId() : requireTxId(txId), submitter, name, requestJson };
    const committed = await this.#engine.submit({ call }, bytes, signal);
    return committed as Committed<TransactionResult<N>>;
  }

  async evaluate<N extends QueryName>(name: N, request: QueryRequest<N>): Promise<QueryResult<N>> {
    return (await this.#engine.evaluate(name, request)) as QueryResult<N>;
  }

  lookup(txId: string): Promise<Committed<unknown> | undefined> {
    return this.#engine.lookup(txId);
  }

  events(fromBlock: number | 'now', signal: AbortSignal): AsyncIterable<LedgerEvent> {
    return this.#engine.feed.subscribe(fromBlock, signal);
  }

  /** A view has nothing of its own to let go of: `EmbeddedLedger.close` does. */
  async close(): Promise<void> {}
}
