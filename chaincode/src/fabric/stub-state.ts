import type { KeyModification, LedgerState, QueryState } from '../state/ports.ts';
import type { Stub } from './stub.ts';

const textOf = (value: Uint8Array): string => Buffer.from(value).toString('utf8');

/** A key that is not there has no bytes. */
const textIfAny = (value: Uint8Array | undefined): string | undefined =>
  value === undefined || value.length === 0 ? undefined : textOf(value);

/** The state as one transaction sees it: every key is read once, for each read is a round trip to the peer. */
export class StubState implements LedgerState {
  readonly #stub: Stub;
  readonly #read = new Map<string, Promise<string | undefined>>();
  readonly #writes: (readonly [key: string, value: string])[] = [];

  constructor(stub: Stub) {
    this.#stub = stub;
  }

  get(key: string): Promise<string | undefined> {
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const reading = this.#stub.getState(key).then(textIfAny);
    this.#read.set(key, reading);
    return reading;
  }

  put(key: string, value: string): void {
    this.#writes.push([key, value]);
  }

  /** Hands what was put to the peer. */
  async flush(): Promise<void> {
    await Promise.all(this.#writes.map(([key, value]) => this.#stub.putState(key, Buffer.from(value))));
  }
}

/** The state as a query sees it. */
export class StubQueryState implements QueryState {
  readonly #stub: Stub;

  constructor(stub: Stub) {
    this.#stub = stub;
  }

  async get(key: string): Promise<string | undefined> {
    return textIfAny(await this.#stub.getState(key));
  }

  async *range(
    start: string,
    endExclusive: string,
    limit: number,
  ): AsyncGenerator<readonly [string, string]> {
    const { iterator } = await this.#stub.getStateByRangeWithPagination(start, endExclusive, limit);
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (value) yield [value.key, textOf(value.value)];
        if (done) return;
      }
    } finally {
      await iterator.close();
    }
  }

  /** Fabric answers newest first; what it keeps of one key of ours is short. */
  async *history(key: string): AsyncGenerator<KeyModification> {
    const iterator = await this.#stub.getHistoryForKey(key);
    const newestFirst: KeyModification[] = [];
    try {
      for (;;) {
        const { value, done } = await iterator.next();
        if (value) newestFirst.push({ txId: value.txId, value: textOf(value.value) });
        if (done) break;
      }
    } finally {
      await iterator.close();
    }
    yield* newestFirst.reverse();
  }
}
