import type { Books } from './books.ts';

/**
 * Which copy of the ledger speaks to whom. A handset hears one copy over one connection: until it connects again
 * nothing reaches it but what that copy, or what became of it, has said.
 */
export class Lines {
  readonly main: Books;
  readonly #heardBy = new Map<string, Books>();

  constructor(main: Books) {
    this.main = main;
  }

  /** A copy accepted a connection of this device. */
  accepted(node: string, by: Books): void {
    this.#heardBy.set(node, by);
  }

  of(node: string): Books {
    return this.#heardBy.get(node) ?? this.main;
  }

  /** These books are no longer what they were: whoever is connected hears what `was` said. */
  ended(books: Books, was: Books): void {
    for (const [node, by] of this.#heardBy) if (by === books) this.#heardBy.set(node, was);
  }
}
