import type { Bound } from './bound.ts';
import { Growing } from './growing.ts';
import { isAtRest, violationIn } from './invariants.ts';
import type { Protocol } from './protocol.ts';
import { RowTable } from './row-table.ts';
import { type Row, TownModel } from './town-model.ts';

/** A way to a state in which something is wrong, and no shorter one exists. */
export interface CounterExample {
  readonly violation: string;
  /** What happened, one line a step. */
  readonly steps: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  /** Steps of the longest of the shortest ways to a state. */
  readonly depth: number;
  readonly ledgerStates: number;
  readonly meterStates: number;
  readonly soups: number;
  /** States in which nothing is left to do. */
  readonly atRest: number;
  readonly counterExample?: CounterExample;
}

export interface SearchOptions {
  /** Whether to check that every state can still come to rest. */
  readonly liveness?: boolean;
  readonly maxStates?: number;
  readonly onProgress?: (states: number, depth: number) => void;
}

/** More would not fit the memory that is promised. */
const MAX_STATES = 12_000_000;
const PROGRESS_EVERY = 100_000;
const END_OF_EDGES = -1;

/** Breadth first over everything that can happen within the bound; stops at the first state in which an invariant is broken. */
export async function explore(
  bound: Bound,
  protocol: Protocol,
  options: SearchOptions = {},
): Promise<Exploration> {
  const { model, first } = await TownModel.open(bound, protocol);
  const search = new Search(model, options);
  return search.run(first);
}

class Search {
  readonly #model: TownModel;
  readonly #options: SearchOptions;
  readonly #table: RowTable;
  readonly #parents = new Growing();
  readonly #depths = new Growing();
  /** For each state the states it leads to without anybody deciding it, and an end mark. */
  readonly #edges = new Growing();
  #transitions = 0;
  #violation: { readonly at: number; readonly what: string } | undefined;

  constructor(model: TownModel, options: SearchOptions) {
    this.#model = model;
    this.#options = options;
    this.#table = new RowTable(model.width);
  }

  async run(first: Row): Promise<Exploration> {
    this.#meet(first, -1);
    const most = this.#options.maxStates ?? MAX_STATES;
    for (let number = 0; number < this.#table.size && this.#violation === undefined; number += 1) {
      const row = this.#table.at(number).slice();
      const work = this.#model.prepare(row);
      if (work !== undefined) await work;
      this.#model.next(row, (next, byItself) => this.#lead(number, next, byItself));
      this.#edges.push(END_OF_EDGES);
      if (this.#table.size > most) throw new Error(`more than ${most} states: the bound is too wide`);
      if (number % PROGRESS_EVERY === 0)
        this.#options.onProgress?.(this.#table.size, this.#depths.at(this.#table.size - 1));
    }
    return this.#result();
  }

  #lead(from: number, next: Row, byItself: boolean): void {
    this.#transitions += 1;
    const to = this.#meet(next, from);
    if (byItself && this.#options.liveness !== false) this.#edges.push(to);
  }

  #meet(row: Row, parent: number): number {
    const before = this.#table.size;
    const number = this.#table.add(row);
    if (number < before) return number;
    this.#parents.push(parent);
    this.#depths.push(parent < 0 ? 0 : this.#depths.at(parent) + 1);
    if (this.#violation === undefined) {
      const what = violationIn(this.#model, row);
      if (what !== undefined) this.#violation = { at: number, what };
    }
    return number;
  }

  #result(): Exploration {
    const resting = this.#resting();
    if (this.#violation === undefined && this.#options.liveness !== false) this.#findStuck(resting);
    const size = this.#table.size;
    const counted = {
      states: size,
      transitions: this.#transitions,
      depth: this.#depths.at(size - 1),
      ledgerStates: this.#model.ledger.size,
      meterStates: this.#model.meters.size,
      soups: this.#model.soups.size,
      atRest: resting.reduce((sum, rests) => sum + rests, 0),
    };
    if (this.#violation === undefined) return counted;
    const { at, what } = this.#violation;
    return { ...counted, counterExample: { violation: what, steps: this.#stepsTo(at) } };
  }

  #resting(): Uint8Array {
    const resting = new Uint8Array(this.#table.size);
    for (let number = 0; number < resting.length; number += 1)
      resting[number] = isAtRest(this.#model, this.#table.at(number)) ? 1 : 0;
    return resting;
  }

  /** Backward reachability, by passes from the last state to the first until one changes nothing. */
  #findStuck(resting: Uint8Array): void {
    const canRest = resting.slice();
    while (this.#passBack(canRest)) {}
    const stuck = canRest.indexOf(0);
    if (stuck >= 0)
      this.#violation = { at: stuck, what: 'liveness: from here no proof can ever end every open voucher' };
  }

  #passBack(canRest: Uint8Array): boolean {
    let changed = false;
    let number = canRest.length;
    let found = 0;
    for (let edge = this.#edges.size - 1; edge >= 0; edge -= 1) {
      const to = this.#edges.at(edge);
      if (to === END_OF_EDGES) {
        number -= 1;
        found = canRest[number] ?? 0;
      } else if (found === 0 && canRest[to] === 1) {
        canRest[number] = 1;
        found = 1;
        changed = true;
      }
    }
    return changed;
  }

  #stepsTo(at: number): readonly string[] {
    const steps: string[] = [];
    for (let number = at; this.#parents.at(number) >= 0; number = this.#parents.at(number)) {
      const parent = this.#parents.at(number);
      const target = this.#table.at(number).slice();
      const source = this.#table.at(parent).slice();
      let how = '';
      this.#model.next(source, (next, _, label) => {
        if (how === '' && next.every((part, place) => part === target[place])) how = label();
      });
      const heard = this.#model.heard(source, target).filter((answer) => !how.includes(answer));
      steps.push(heard.length === 0 ? how : `${how} (and shown again, a meter answers ${heard.join(', ')})`);
    }
    return steps.reverse();
  }
}
