import type { KeyModification, LedgerState, QueryState } from '../state/ports.ts';
import { type ManyKeys, manyKeysOf } from './many-keys.ts';
import type { Stub } from './stub.ts';

const textOf = (value: Uint8Array): string => Buffer.from(value).toString('utf8');

/** A key that is not there has no bytes. */
const textIfAny = (value: Uint8Array | undefined): string | undefined =>
  value === undefined || value.length === 0 ? undefined : textOf(value);

/** The state as one transaction sees it: every key is read once, and many at once where the peer lets us. */
export class StubState implements LedgerState {
  readonly #stub: Stub;
  readonly #many: ManyKeys | undefined;
  readonly #read = new Map<string, Promise<string | undefined>>();
  readonly #writes: (readonly [key: string, value: string])[] = [];

  constructor(stub: Stub) {
    this.#stub = stub;
    this.#many = manyKeysOf(stub);
  }

  /** Reads keys that will be needed. Whatever the peer can do, the same keys are read. */
  async readAhead(keys: readonly string[]): Promise<void> {
    const unread = keys.filter((key) => !this.#read.has(key));
    const values = await this.#many?.get(unread);
    for (const [index, key] of unread.entries()) {
      if (values === undefined) await this.get(key);
      else this.#read.set(key, Promise.resolve(textIfAny(values[index])));
    }
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
    if (this.#many !== undefined) return this.#many.put(this.#writes);
    await Promise.all(this.#writes.map(([key, value]) => this.#stub.putState(key, Buffer.from(value))));
  }
}

interface Reading extends PromiseWithResolvers<string | undefined> {
  readonly key: string;
}

/** The state as queries see it: keys that are asked for in one turn go to the peer together, where it lets us. */
export class StubQueryState implements QueryState {
  readonly #stub: Stub;
  readonly #many: ManyKeys | undefined;
  #gathered: Reading[] = [];

  constructor(stub: Stub) {
    this.#stub = stub;
    this.#many = manyKeysOf(stub);
  }

  get(key: string): Promise<string | undefined> {
    const many = this.#many;
    if (many === undefined) return this.#stub.getState(key).then(textIfAny);
    const reading = { key, ...Promise.withResolvers<string | undefined>() };
    // Runs when everything that can go on now has gone on, and has asked for its keys.
    if (this.#gathered.push(reading) === 1) process.nextTick(() => void this.#read(many));
    return reading.promise;
  }

  async #read(many: ManyKeys): Promise<void> {
    const readings = this.#gathered;
    this.#gathered = [];
    try {
      const values = await many.get(readings.map(({ key }) => key));
      for (const [index, { resolve }] of readings.entries()) resolve(textIfAny(values[index]));
    } catch (error) {
      for (const { reject } of readings) reject(error);
    }
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
