import { Rejected, type Role, runTransaction } from '@tapwatt/chaincode';
import type { Asked, Books } from './books.ts';

/** What a transaction writes; undefined where the rules refuse it. */
export type Writes = readonly (readonly [string, string])[] | undefined;

/** What is known of a transaction after the values that it has read so far: what it reads next, or how it ends. */
type Known =
  | { readonly reads: string; readonly byValue: Map<string | undefined, Known> }
  | { readonly writes: Writes };

/**
 * The production rules, each transaction run once for each combination of values that it reads: it depends on nothing
 * else, so over other books in which these stand it writes the same.
 */
export class RememberedTransactions {
  readonly #known = new Map<string | undefined, Known>();

  /** How this transaction ends over these books. */
  async run(books: Books, asked: Asked, role: Role): Promise<Writes> {
    const key = `${asked.by} ${asked.txId} ${asked.name} ${JSON.stringify(asked.request)}`;
    let known = this.#known.get(key);
    while (known !== undefined && 'reads' in known) known = known.byValue.get(books.get(known.reads));
    if (known !== undefined) return known.writes;
    const { writes, reads } = await observed(books, asked, role);
    this.#remember(key, reads, writes);
    return writes;
  }

  #remember(key: string, reads: Reads, writes: Writes): void {
    let place = this.#known;
    let value: string | undefined = key;
    for (const [read, found] of reads) {
      const known = place.get(value);
      if (known !== undefined && !('reads' in known && known.reads === read))
        throw new Error(`${key.slice(0, 80)} does not depend on what it reads alone`);
      const next = known ?? { reads: read, byValue: new Map() };
      if (known === undefined) place.set(value, next);
      place = next.byValue;
      value = found;
    }
    place.set(value, { writes });
  }
}

/** In the order of reading. */
type Reads = ReadonlyMap<string, string | undefined>;

async function observed(
  books: Books,
  { name, request, by, txId }: Asked,
  role: Role,
): Promise<{ readonly reads: Reads; readonly writes: Writes }> {
  const reads = new Map<string, string | undefined>();
  const writes = new Map<string, string>();
  const state = {
    get(key: string) {
      const value = books.get(key);
      reads.set(key, value);
      return value;
    },
    put: (key: string, value: string) => void writes.set(key, value),
  };
  try {
    await runTransaction(name, request, { state, submitter: { partyId: by, role }, txId });
    return { reads, writes: [...writes] };
  } catch (error) {
    if (error instanceof Rejected) return { reads, writes: undefined };
    throw error;
  }
}
