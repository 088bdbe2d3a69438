import { canonicalJson } from '@tapwatt/firmware-contracts';
import type { LedgerState } from './ports.ts';

/** Where a draft reads what it has not read yet: the ledger's state, or the draft that it branched from. */
interface Below {
  get(key: string): Promise<unknown>;
  knows(key: string): boolean;
}

/**
 * What a transaction has read and means to write. It reads its own writes (Fabric does not), parses each key once, and
 * a branch of it can be dropped without a trace, so that one item of a batch fails alone. Records are never changed in place.
 */
export class Draft {
  readonly #below: Below;
  readonly #read = new Map<string, unknown>();
  readonly #written = new Map<string, unknown>();

  private constructor(below: Below) {
    this.#below = below;
  }

  static over(state: Pick<LedgerState, 'get'>): Draft {
    return new Draft({
      get: async (key) => {
        const text = await state.get(key);
        return text === undefined ? undefined : JSON.parse(text);
      },
      knows: () => false,
    });
  }

  /** The record under a key, as this draft sees it. The caller names the type that it once wrote there. */
  async get<T>(key: string): Promise<T | undefined> {
    if (this.#written.has(key)) return this.#written.get(key) as T;
    if (!this.#read.has(key)) this.#read.set(key, await this.#below.get(key));
    return this.#read.get(key) as T | undefined;
  }

  /** Writes a record under a key read before: on Fabric a blind write always validates, whoever else wrote. */
  put(key: string, record: object): void {
    if (!this.knows(key)) throw new Error(`${key} is written without being read`);
    this.#written.set(key, record);
  }

  /** Whether the key was read or written already. */
  knows(key: string): boolean {
    return this.#read.has(key) || this.#written.has(key) || this.#below.knows(key);
  }

  branch(): Draft {
    return new Draft(this);
  }

  /** Takes over what a branch of this draft wrote. */
  merge(branch: Draft): void {
    for (const [key, record] of branch.#written) this.put(key, record as object);
  }

  /** What was written, in the order of keys, as canonical JSON: the same for the same transaction, on every peer. */
  writes(): readonly (readonly [key: string, value: string])[] {
    return [...this.#written]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, record]) => [key, canonicalJson(record)] as const);
  }
}
