import { type NvmStorage, WORD_BYTES } from './storage.ts';

/** Memory that lives as long as the process: for benchmarks, tests and the simulated world. Blank is all ones, as flash is. */
export class MemoryNvm implements NvmStorage {
  readonly words: number;
  readonly #view: DataView;

  constructor(words: number) {
    this.words = words;
    const bytes = new Uint8Array(words * WORD_BYTES).fill(0xff);
    this.#view = new DataView(bytes.buffer);
  }

  read(word: number): number {
    return this.#view.getUint32(word * WORD_BYTES);
  }

  write(word: number, value: number): void {
    this.#view.setUint32(word * WORD_BYTES, value);
  }

  sync(): void {}

  /** A copy of what is in it now. */
  clone(): MemoryNvm {
    const copy = new MemoryNvm(this.words);
    for (let word = 0; word < this.words; word++) copy.write(word, this.read(word));
    return copy;
  }
}
