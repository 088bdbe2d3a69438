import { closeSync, fdatasyncSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { type NvmStorage, WORD_BYTES } from './storage.ts';

/**
 * Memory in a file, written through word by word, so that a process killed at any moment leaves what a meter whose
 * power went would leave. A file of another size is a damaged memory: what is missing reads as blank.
 * Throws the errors of `node:fs`.
 */
export class FileNvm implements NvmStorage {
  readonly words: number;
  readonly #file: number;
  readonly #image: Buffer;
  readonly #word = Buffer.alloc(WORD_BYTES);

  constructor(path: string, words: number) {
    this.words = words;
    this.#file = openSync(path, 'r+');
    this.#image = Buffer.alloc(words * WORD_BYTES, 0xff);
    const size = Math.min(fstatSync(this.#file).size, this.#image.length);
    readSync(this.#file, this.#image, 0, size - (size % WORD_BYTES), 0);
  }

  read(word: number): number {
    return this.#image.readUInt32BE(word * WORD_BYTES);
  }

  write(word: number, value: number): void {
    const offset = word * WORD_BYTES;
    if (this.#image.readUInt32BE(offset) === value) return;
    this.#word.writeUInt32BE(value);
    writeSync(this.#file, this.#word, 0, WORD_BYTES, offset);
    this.#image.writeUInt32BE(value, offset);
  }

  sync(): void {
    fdatasyncSync(this.#file);
  }

  close(): void {
    closeSync(this.#file);
  }
}
