import type { Books } from './books.ts';
import type { Protocol } from './protocol.ts';

/** Which keys of the ledger the transactions of one exploration read, and which they wrote. */
export interface Footprint {
  readonly read: Set<string>;
  readonly written: Set<string>;
}

/** Books that note what is looked up in them. */
class WatchedBooks extends Map<string, string> {
  readonly #read: Set<string>;

  constructor(books: Books, read: Set<string>) {
    super(books);
    this.#read = read;
  }

  override get(key: string): string | undefined {
    this.#read.add(key);
    return super.get(key);
  }

  override has(key: string): boolean {
    this.#read.add(key);
    return super.has(key);
  }
}

/** The same protocol; each of its transactions leaves its footprint. */
export const watched = (protocol: Protocol, { read, written }: Footprint): Protocol => ({
  ...protocol,
  async transact(books, asked) {
    const after = await protocol.transact(new WatchedBooks(books, read), asked);
    for (const [key, value] of after ?? []) if (books.get(key) !== value) written.add(key);
    return after;
  },
});

/** Keys by which what one did could ever matter to the other: one wrote what the other read or wrote. */
export function sharedKeys(one: Footprint, other: Footprint): readonly string[] {
  const ofOne = [...one.written].filter((key) => other.read.has(key) || other.written.has(key));
  const ofOther = [...other.written].filter((key) => one.read.has(key));
  return [...new Set([...ofOne, ...ofOther])];
}
