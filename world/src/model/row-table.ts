import type { Row } from './town-model.ts';

const FIRST_CAPACITY = 2 ** 16;
/** The index is at most half full. */
const SLOTS_PER_ROW = 2;
const EMPTY = -1;

/** Every row met, numbered in the order of meeting: numbers only, so that millions fit. */
export class RowTable {
  readonly #width: number;
  #rows: Int32Array;
  #slots: Int32Array;
  #size = 0;

  constructor(width: number) {
    this.#width = width;
    this.#rows = new Int32Array(FIRST_CAPACITY * width);
    this.#slots = new Int32Array(FIRST_CAPACITY * SLOTS_PER_ROW).fill(EMPTY);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of this row; if it is `size` as it was before, the row is new. */
  add(row: Row): number {
    const slot = this.#slotOf(row);
    const known = this.#slots[slot] ?? EMPTY;
    if (known !== EMPTY) return known;
    const number = this.#size;
    this.#slots[slot] = number;
    this.#rows.set(row, number * this.#width);
    this.#size += 1;
    if (this.#size * this.#width === this.#rows.length) this.#grow();
    return number;
  }

  /** A view, good until the next `add`. */
  at(number: number): Row {
    return this.#rows.subarray(number * this.#width, (number + 1) * this.#width);
  }

  #slotOf(row: Row): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(row) & mask;
    for (let number = this.#slots[slot] ?? EMPTY; number !== EMPTY; number = this.#slots[slot] ?? EMPTY) {
      if (this.#isAt(number, row)) return slot;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #isAt(number: number, row: Row): boolean {
    const start = number * this.#width;
    for (let place = 0; place < row.length; place += 1)
      if (this.#rows[start + place] !== row[place]) return false;
    return true;
  }

  #grow(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    this.#slots = new Int32Array(this.#slots.length * 2).fill(EMPTY);
    for (let number = 0; number < this.#size; number += 1)
      this.#slots[this.#slotOf(this.at(number))] = number;
  }
}

/** FNV-1a over whole numbers, and a last mixing. */
function hashOf(row: Row): number {
  let hash = 0x811c9dc5;
  for (const part of row) hash = Math.imul(hash ^ part, 0x01000193) ^ (hash >>> 15);
  return Math.imul(hash ^ (hash >>> 13), 0x5bd1e995) >>> 0;
}
