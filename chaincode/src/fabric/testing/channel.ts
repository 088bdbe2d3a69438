import { isDeepStrictEqual } from 'node:util';
import { MemoryState } from '../../index.ts';
import { TapwattContract } from '../contract.ts';
import type { Stub, StubIterator } from '../stub.ts';
import { CERTIFICATES } from './certificates.ts';

export interface Caller {
  readonly mspId: string;
  readonly name: keyof typeof CERTIFICATES;
}

type Transaction = (ctx: { readonly stub: Stub }, ...args: readonly string[]) => Promise<string>;

/** What one peer made of a proposal. */
interface Endorsement {
  readonly answer: { readonly result: string } | { readonly error: string };
  readonly writes: readonly (readonly [key: string, value: string])[];
  readonly event: readonly [name: string, payload: string] | undefined;
}

/** A channel in memory: two peers run every transaction, and what they come to must be the same to the byte. */
export class Channel {
  readonly state = new MemoryState();
  readonly events: (readonly [name: string, payload: string])[] = [];
  readonly #contract = new TapwattContract();
  #height = 0;

  /** Runs and commits one transaction; throws what the client would read. */
  async submit(caller: Caller, name: string, ...args: readonly string[]): Promise<unknown> {
    this.#height += 1;
    const txId = this.#height.toString(16).padStart(64, '0');
    const call = { caller, name, args, txId };
    const [first, second] = [await this.#endorse(call), await this.#endorse(call)];
    if (!isDeepStrictEqual(first, second)) throw new Error(`${name} did not do the same twice`);
    if ('error' in first.answer) throw new Error(first.answer.error);
    for (const [key, value] of first.writes) this.state.during(txId, this.#height).put(key, value);
    if (first.event !== undefined) this.events.push(first.event);
    return JSON.parse(first.answer.result);
  }

  async evaluate(caller: Caller, name: string, ...args: readonly string[]): Promise<unknown> {
    const { answer } = await this.#endorse({ caller, name, args, txId: 'f'.repeat(64) });
    if ('error' in answer) throw new Error(answer.error);
    return JSON.parse(answer.result);
  }

  async #endorse(of: {
    caller: Caller;
    name: string;
    args: readonly string[];
    txId: string;
  }): Promise<Endorsement> {
    const writes: [string, string][] = [];
    let event: [string, string] | undefined;
    const stub: Stub = {
      ...this.#readingStub(of.caller),
      getTxID: () => of.txId,
      putState: async (key, value) => void writes.push([key, textOf(value)]),
      setEvent: (name, payload) => {
        event = [name, textOf(payload)];
      },
    };
    const transaction = Reflect.get(this.#contract, of.name) as Transaction;
    const answer = await transaction.call(this.#contract, { stub }, ...of.args).then(
      (result) => ({ result }),
      (error: Error) => ({ error: error.message }),
    );
    return { answer, writes, event };
  }

  #readingStub({ mspId, name }: Caller): Omit<Stub, 'getTxID' | 'putState' | 'setEvent'> {
    return {
      getCreator: () => ({ mspid: mspId, idBytes: Buffer.from(CERTIFICATES[name]) }),
      getState: async (key) => Buffer.from(this.state.get(key) ?? ''),
      getStateByRangeWithPagination: async (start, end, pageSize) => {
        const rows: { key: string; value: Uint8Array }[] = [];
        for await (const [key, value] of this.state.range(start, end, pageSize)) {
          rows.push({ key, value: Buffer.from(value) });
        }
        return { iterator: iteratorOver(rows) };
      },
      getHistoryForKey: async (key) => {
        const rows: { txId: string; value: Uint8Array }[] = [];
        for await (const { txId, value } of this.state.history(key)) {
          rows.unshift({ txId, value: Buffer.from(value) });
        }
        return iteratorOver(rows);
      },
    };
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

/** As Fabric's: the last row comes with `done` or before it. */
function iteratorOver<T>(rows: readonly T[]): StubIterator<T> {
  let position = 0;
  return {
    next: async () => {
      const value = rows[position];
      position += 1;
      return value === undefined ? { done: true } : { value, done: false };
    },
    close: async () => undefined,
  };
}
