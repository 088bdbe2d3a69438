import { Growing } from './growing.ts';
import { RowTable } from './row-table.ts';

const NONE = -1;

/** Knows of two sets of frames whether the first holds all of the second. */
export interface Holdings {
  holds(soup: number, other: number): boolean;
}

/**
 * Every state worth looking at. A state is a core (what ledger and meters keep) and what couriers hold; of two states
 * with one core, the one whose couriers hold more can do all that the other can, so the other is not kept.
 */
export class StateTable {
  readonly #soups: Holdings;
  readonly #coreWidth: number;
  readonly #cores: RowTable;
  /** Of each core the newest of its states. */
  readonly #newest = new Growing();
  /** Of each state the one met before it with the same core. */
  readonly #before = new Growing();
  readonly #coreOf = new Growing();
  readonly #held = new Growing();
  readonly #width: number;

  constructor(soups: Holdings, { width, coreWidth }: { readonly width: number; readonly coreWidth: number }) {
    this.#soups = soups;
    this.#width = width;
    this.#coreWidth = coreWidth;
    this.#cores = new RowTable(coreWidth);
  }

  get size(): number {
    return this.#coreOf.size;
  }

  get cores(): number {
    return this.#cores.size;
  }

  /** The number of this row's core; it is new when the number of cores has grown. */
  core(row: Int32Array): number {
    return this.#cores.add(row.subarray(0, this.#coreWidth));
  }

  /** The number of the state that stands for this one; it is new when the size has grown. */
  add(row: Int32Array): number {
    const before = this.#cores.size;
    const core = this.core(row);
    if (core === before) this.#newest.push(NONE);
    for (let state = this.#newest.at(core); state !== NONE; state = this.#before.at(state))
      if (this.#holdsAll(state, row)) return state;
    const number = this.size;
    this.#before.push(this.#newest.at(core));
    this.#newest.set(core, number);
    this.#coreOf.push(core);
    for (let place = this.#coreWidth; place < this.#width; place += 1) this.#held.push(row[place] ?? 0);
    return number;
  }

  /** A copy. */
  at(number: number): Int32Array {
    const row = this.coreAt(this.#coreOf.at(number));
    const places = this.#width - this.#coreWidth;
    for (let place = 0; place < places; place += 1)
      row[this.#coreWidth + place] = this.#held.at(number * places + place);
    return row;
  }

  /** A row with this core, whose couriers hold nothing. */
  coreAt(core: number): Int32Array {
    const row = new Int32Array(this.#width);
    row.set(this.#cores.at(core));
    return row;
  }

  /** The first state that was met with this core. */
  firstWith(core: number): number {
    let state = this.#newest.at(core);
    while (this.#before.at(state) !== NONE) state = this.#before.at(state);
    return state;
  }

  #holdsAll(state: number, row: Int32Array): boolean {
    const places = this.#width - this.#coreWidth;
    for (let place = 0; place < places; place += 1)
      if (!this.#soups.holds(this.#held.at(state * places + place), row[this.#coreWidth + place] ?? 0))
        return false;
    return true;
  }
}
