import {
  authenticateOrder,
  type GenesisRequest,
  type LedgerEvent,
  MemoryState,
  runQuery,
  runTransaction,
  type Submitter,
  type TransactionContext,
  type TransactionName,
} from '@tapwatt/chaincode';
import { bytesToHex, canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import { LedgerRejected } from '../errors.ts';
import type { Committed, Ledger } from '../ledger.ts';

interface Call {
  readonly name: TransactionName;
  readonly request: unknown;
  readonly submitter: Submitter;
  readonly txId: string;
  readonly order?: NonNullable<TransactionContext['order']>;
}

/** The rules alone, in memory: what every ledger does, without what makes one durable or shared. */
export class MemoryLedger {
  readonly #state = new MemoryState();
  readonly #random: { bytes(length: number): Uint8Array };
  readonly #committed = new Map<string, Committed<unknown>>();
  readonly #events: LedgerEvent[] = [];
  readonly #sleepers = new Set<() => void>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(random: { bytes(length: number): Uint8Array }) {
    this.#random = random;
  }

  async found(request: GenesisRequest): Promise<void> {
    const submitter = { partyId: 'genesis', role: 'discom' } as const;
    await this.#commit({ name: 'Genesis', request, submitter, txId: this.#newTxId() });
  }

  as(submitter: Submitter): Ledger {
    return {
      submit: async (name, request, { txId = this.#newTxId() } = {}) => {
        if (!/^[0-9a-f]{32}$/.test(txId)) throw new LedgerRejected('BAD_REQUEST');
        const copy: unknown = JSON.parse(asJson(request));
        return (await this.#inTurn(() => this.#commit({ name, request: copy, submitter, txId }))) as never;
      },
      evaluate: (name, request) => refusals(() => runQuery(name, request, this.#state)),
      lookup: async (txId) => this.#committed.get(txId),
      events: (fromBlock, signal) => this.#follow(fromBlock, signal),
      close: async () => undefined,
    };
  }

  submitOrder(jws: string): Promise<Committed<unknown>> {
    return this.#inTurn(async () => {
      const { name, request, submitter, ...order } = await refusals(() =>
        authenticateOrder(this.#state, jws),
      );
      const known = await this.#state.get(`REQ~${submitter.partyId}~${order.requestId}`);
      const { txId, payloadHash } = known === undefined ? {} : JSON.parse(known);
      if (payloadHash === order.payloadHash) return this.#committed.get(txId) as Committed<unknown>;
      return this.#commit({ name, request, submitter, order, txId: this.#newTxId() });
    });
  }

  #newTxId(): string {
    return bytesToHex(this.#random.bytes(16));
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #commit({ name, request, ...context }: Call): Promise<Committed<unknown>> {
    const { txId } = context;
    const known = this.#committed.get(txId);
    if (known !== undefined) return known;
    const blockNumber = this.#committed.size;
    const state = this.#state.during(txId, blockNumber);
    const outcome = await refusals(() => runTransaction(name, request as never, { ...context, state }));
    const committed = { txId, blockNumber, result: outcome.result };
    this.#committed.set(txId, committed);
    if (outcome.event !== undefined) this.#events.push({ ...outcome.event, blockNumber, txId });
    for (const wake of this.#sleepers) wake();
    return committed;
  }

  async *#follow(fromBlock: number | 'now', signal: AbortSignal): AsyncGenerator<LedgerEvent> {
    for (let n = fromBlock === 'now' ? this.#events.length : 0; !signal.aborted; ) {
      const event = this.#events[n];
      if (event === undefined) await this.#sleep(signal);
      else {
        n += 1;
        if (fromBlock === 'now' || event.blockNumber >= fromBlock) yield event;
      }
    }
  }

  #sleep(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(wake);
        resolve();
      };
      this.#sleepers.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

const asJson = (request: unknown): string => {
  try {
    return canonicalJson(request);
  } catch (error) {
    throw asRefusal(error);
  }
};

/** Throws the rules' refusals in the words of the port. */
const refusals = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw asRefusal(error);
  }
};

const asRefusal = (error: unknown): unknown =>
  error instanceof TapwattError
    ? new LedgerRejected(error.code, error.message, { cause: error, details: { ...error.details } })
    : error;
