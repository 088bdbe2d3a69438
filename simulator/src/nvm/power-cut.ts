import type { NvmStorage } from './storage.ts';

/** The power went: whatever ran has lost its RAM and must start again from the memory. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

/**
 * A memory whose power can be made to go at the n-th access: `cutAfter({writes: 3})` lets three words through and
 * throws `PowerCut` at the fourth, and from then on at every access until `restore()`.
 */
export class CuttableNvm implements NvmStorage {
  readonly words: number;
  readonly #inner: NvmStorage;
  #writesLeft = Number.POSITIVE_INFINITY;
  #readsLeft = Number.POSITIVE_INFINITY;
  #off = false;

  constructor(inner: NvmStorage) {
    this.#inner = inner;
    this.words = inner.words;
  }

  get isOff(): boolean {
    return this.#off;
  }

  cutAfter(limits: { readonly writes?: number; readonly reads?: number }): void {
    this.#writesLeft = limits.writes ?? Number.POSITIVE_INFINITY;
    this.#readsLeft = limits.reads ?? Number.POSITIVE_INFINITY;
  }

  restore(): void {
    this.#off = false;
    this.cutAfter({});
  }

  read(word: number): number {
    this.#readsLeft = this.#spend(this.#readsLeft);
    return this.#inner.read(word);
  }

  write(word: number, value: number): void {
    this.#writesLeft = this.#spend(this.#writesLeft);
    this.#inner.write(word, value);
  }

  sync(): void {
    if (this.#off) throw new PowerCut('no power');
    this.#inner.sync();
  }

  #spend(left: number): number {
    if (this.#off) throw new PowerCut('no power');
    if (left <= 0) {
      this.#off = true;
      throw new PowerCut('the power went');
    }
    return left - 1;
  }
}
