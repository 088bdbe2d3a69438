import type { Books } from '../checks/books.ts';
import type { World } from '../world.ts';

interface Answered {
  readonly answer: string;
  readonly atMs: number;
}

/** A signed order, by which it is known again. */
interface Asked {
  readonly op: string;
  readonly jws: string;
}

/**
 * I4 of orders: the same order always has its first answer, from the ledger that gave it and from what becomes of that
 * ledger; what a copy answered that was lost with it, or since the backup that took its place, is not asked of it again.
 */
export class OfficeAnswers {
  readonly #world: World;
  /** By ledger and order. */
  readonly #of = new Map<Books, Map<string, Answered>>();
  /** How many times a ledger has forgotten something. */
  forgettings = 0;

  constructor(world: World) {
    this.#world = world;
  }

  carriedOut(by: Books, { op, jws }: Asked, answer: string): void {
    const first = this.#in(by).get(jws);
    if (first !== undefined && first.answer !== answer)
      this.#world.violated('I4', `${op} was answered ${first.answer}, and then ${answer}`);
    if (first === undefined) this.#in(by).set(jws, { answer, atMs: this.#world.time.now() });
  }

  refused(by: Books, { op, jws }: Asked, code: string): void {
    const first = this.#in(by).get(jws);
    if (first !== undefined)
      this.#world.violated('I4', `${op} was answered ${first.answer}, and then refused: ${code}`);
  }

  /** Whether it has answered this order, and has not forgotten that. */
  isKnown(books: Books, { jws }: Asked): boolean {
    return this.#in(books).has(jws);
  }

  /** Two machines go on from one disk: what the one has answered the other knows too. */
  copied(copy: Books, from: Books): void {
    this.#of.set(copy, new Map(this.#in(from)));
  }

  /** What this ledger answered since then is forgotten. */
  forget(books: Books, sinceMs: number): void {
    this.forgettings += 1;
    for (const [jws, { atMs }] of [...this.#in(books)]) {
      if (atMs < sinceMs) continue;
      this.#in(books).delete(jws);
      this.#world.tally.did('orders with forgotten answers');
    }
  }

  /** The copy is alone from now on, in the place of the other. */
  inherit(heir: Books, from: Books): void {
    this.#of.set(heir, this.#in(from));
    this.#of.delete(from);
  }

  #in(books: Books): Map<string, Answered> {
    const known = this.#of.get(books) ?? new Map<string, Answered>();
    this.#of.set(books, known);
    return known;
  }
}
