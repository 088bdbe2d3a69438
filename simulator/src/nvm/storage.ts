/**
 * Non-volatile memory as a meter's controller sees it: 32-bit words, each written whole or not at all.
 *
 * `write` is in order; nothing but `sync` promises that a word outlives a loss of power. Both throw `RangeError` for a
 * word outside the memory (a bug), and whatever the medium throws.
 */
export interface NvmStorage {
  /** Size in 32-bit words. */
  readonly words: number;
  read(word: number): number;
  write(word: number, value: number): void;
  /** Returns when everything written so far is durable. */
  sync(): void;
}

export const WORD_BYTES = 4;

/** A part of a memory as a memory of its own, so that a record knows nothing of its neighbours. */
export const nvmRegion = (storage: NvmStorage, firstWord: number, words: number): NvmStorage => {
  if (firstWord < 0 || firstWord + words > storage.words) throw new RangeError('region outside the memory');
  const inside = (word: number): number => {
    if (word < 0 || word >= words) throw new RangeError(`word ${word} outside a region of ${words}`);
    return firstWord + word;
  };
  return {
    words,
    read: (word) => storage.read(inside(word)),
    write: (word, value) => storage.write(inside(word), value),
    sync: () => storage.sync(),
  };
};
