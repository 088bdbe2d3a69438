import { LedgerUnavailable } from '../errors.ts';

/** So many at once; the others wait in order, and beyond `waiting` they are refused. */
export class Turns {
  readonly #atOnce: number;
  readonly #mayWait: number;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(atOnce: number, mayWait: number) {
    this.#atOnce = atOnce;
    this.#mayWait = mayWait;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Throws `LedgerUnavailable` BUSY. */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#begin();
    try {
      return await work();
    } finally {
      this.#end();
    }
  }

  #begin(): Promise<void> | undefined {
    if (this.#underWay < this.#atOnce) {
      this.#underWay += 1;
      return undefined;
    }
    if (this.#waiting.length >= this.#mayWait) {
      throw new LedgerUnavailable(`${this.#waiting.length} calls wait for the ledger already.`, {
        code: 'BUSY',
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Whoever is next takes over the place of the one that ends. */
  #end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#underWay -= 1;
    else next();
  }
}
