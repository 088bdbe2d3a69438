import type { LedgerState, OrderIdentity, Submitter, TransactionContext } from '@tapwatt/chaincode';
import { canonicalJson, TapwattError } from '@tapwatt/firmware-contracts';
import type { StateReader } from './overlay.ts';
import type { Pace } from './pace.ts';
import { isStateKey, type Version, valueIn, versioned } from './rows.ts';
import type { LedgerRules, RuleOutcome } from './rules.ts';
import { StorageError } from './storage-error.ts';
import { WatchedReads } from './watched-reads.ts';

/** A transaction ready to run: who, what, and the order that it came by, if one. */
export interface Call {
  readonly txId: string;
  readonly submitter: Submitter;
  readonly name: string;
  /** Canonical JSON, so that a replay runs on exactly the same request. */
  readonly requestJson: string;
  readonly order?: OrderIdentity & { readonly jws: string };
}

export interface Write {
  readonly key: string;
  readonly value: string;
  /** The value with its version, as the state row keeps it. */
  readonly raw: string;
  /** What it replaces. */
  readonly previous: string | undefined;
}

/** What a transaction did, nothing of it stored yet. */
export interface Executed {
  readonly txId: string;
  readonly jws: string | undefined;
  readonly result: unknown;
  readonly event: { readonly name: string; readonly payload: unknown } | undefined;
  /** Canonical JSON of its `BlockTransaction`. */
  readonly recordJson: string;
  /** By key. */
  readonly writes: readonly Write[];
}

export type Execution =
  | { readonly outcome: 'executed'; readonly executed: Executed }
  | { readonly outcome: 'rejected'; readonly error: TapwattError }
  | { readonly outcome: 'failed'; readonly error: unknown };

/**
 * As on Fabric, a transaction reads the state before it, not its own writes: the rules keep those themselves.
 *
 * A long transaction lets the process have its turn between two reads.
 */
class TransactionState {
  readonly reads = new WatchedReads();
  readonly #reader: StateReader;
  readonly #pace: Pace;
  readonly #read = new Map<string, string | undefined>();
  readonly #written = new Map<string, string>();

  constructor(reader: StateReader, pace: Pace) {
    this.#reader = reader;
    this.#pace = pace;
  }

  get(key: string): Promise<string | undefined> | string | undefined {
    return this.#pace.isDue() ? this.#pace.turn().then(() => this.#value(key)) : this.#value(key);
  }

  put(key: string, value: string): void {
    if (!isStateKey(key)) throw new Error(`${JSON.stringify(key)} cannot be a state key.`);
    this.#written.set(key, value);
  }

  writes(version: Version): readonly Write[] {
    const keys = [...this.#written.keys()].sort();
    return keys.map((key) => {
      const value = this.#written.get(key) ?? '';
      return { key, value, raw: versioned(version, value), previous: this.#raw(key) };
    });
  }

  #value(key: string): string | undefined {
    const raw = this.#raw(key);
    return raw === undefined ? undefined : valueIn(raw);
  }

  #raw(key: string): string | undefined {
    if (!this.#read.has(key))
      this.#read.set(
        key,
        this.reads.run(() => this.#reader.get(key)),
      );
    return this.#read.get(key);
  }
}

/** Canonical JSON of a `BlockTransaction`; the request's is at hand already. */
const recordJsonOf = (call: Call, { result, event }: RuleOutcome): string => {
  const { txId, submitter, name, requestJson, order } = call;
  const members = [
    ...(event === undefined ? [] : [`"event":${canonicalJson(event)}`]),
    ...(order === undefined
      ? [`"name":${canonicalJson(name)}`, `"request":${requestJson}`]
      : [`"jws":${canonicalJson(order.jws)}`]),
    `"result":${canonicalJson(result)}`,
    ...(order === undefined ? [`"submitter":${canonicalJson(submitter)}`] : []),
    `"txId":${canonicalJson(txId)}`,
  ];
  return `{${members.join(',')}}`;
};

const contextOf = ({ txId, submitter, order }: Call, state: LedgerState): TransactionContext => {
  if (order === undefined) return { state, submitter, txId };
  const { requestId, payloadHash } = order;
  return { state, submitter, txId, order: { requestId, payloadHash } };
};

/** A refusal or a bug; a failure of the storage is neither. Throws `StorageError`. */
export const outcomeOfThrow = (error: unknown): Execution => {
  if (error instanceof StorageError) throw error;
  return error instanceof TapwattError ? { outcome: 'rejected', error } : { outcome: 'failed', error };
};

export interface ExecutionParts {
  readonly reader: StateReader;
  readonly rules: LedgerRules;
  readonly pace: Pace;
  readonly version: Version;
}

/** Runs one transaction over the state before it: the same call over the same state gives the same bytes. Throws `StorageError`. */
export const executeTransaction = async (
  call: Call,
  { reader, rules, pace, version }: ExecutionParts,
): Promise<Execution> => {
  const state = new TransactionState(reader, pace);
  try {
    const request: unknown = JSON.parse(call.requestJson);
    const { result = null, event } = await rules.runTransaction(call.name, request, contextOf(call, state));
    const recordJson = recordJsonOf(call, { result, event });
    const writes = state.writes(version);
    state.reads.require();
    const { txId, order } = call;
    return { outcome: 'executed', executed: { txId, jws: order?.jws, result, event, recordJson, writes } };
  } catch (error) {
    state.reads.require();
    return outcomeOfThrow(error);
  }
};
