import { WINDOW_SIZE } from '@tapwatt/firmware-contracts';
import type { Bound } from './bound.ts';
import { canRest } from './coming-to-rest.ts';
import { Growing } from './growing.ts';
import { forgottenIn, violationIn } from './invariants.ts';
import type { Protocol } from './protocol.ts';
import { StateTable } from './state-table.ts';
import { type Phase, type Row, TownModel } from './town-model.ts';

/** A way to a state in which something is wrong, and no shorter one exists. */
export interface CounterExample {
  readonly violation: string;
  /** What happened, one line a step. */
  readonly steps: readonly string[];
}

/** What was met in one phase of the bound's restore. */
export interface PhaseCount {
  readonly cores: number;
  /** Steps of the longest of the shortest ways to one of them. */
  readonly depth: number;
}

export interface Exploration {
  readonly states: number;
  /** States without what couriers hold. */
  readonly cores: number;
  readonly transitions: number;
  /** Steps of the longest of the shortest ways to a state. */
  readonly depth: number;
  readonly ledgerStates: number;
  readonly meterStates: number;
  readonly soups: number;
  readonly phases: Readonly<Record<Phase, PhaseCount>>;
  readonly counterExample?: CounterExample;
}

export interface SearchOptions {
  readonly maxStates?: number;
  readonly onProgress?: (states: number, depth: number) => void;
}

/** More would not fit the memory that is promised. */
const MAX_STATES = 40_000_000;
const PROGRESS_EVERY = 20_000;
const LOSE_ALL = 'couriers lose all that they carry';

/** Breadth first over everything that can happen within the bound; stops at the first state in which an invariant is broken. */
export async function explore(
  bound: Bound,
  protocol: Protocol,
  options: SearchOptions = {},
): Promise<Exploration> {
  if (WINDOW_SIZE !== bound.window)
    throw new Error(
      `the bound ${bound.name} has a window of ${bound.window}, and this process one of ${WINDOW_SIZE}`,
    );
  const { model, first } = await TownModel.open(bound, protocol);
  const search = new Search(model, options);
  return search.run(first);
}

interface Violation {
  /** The state in which it is seen, or that becomes it when couriers lose all. */
  readonly at: number;
  readonly what: string;
  readonly emptyHanded?: true;
}

class Search {
  readonly #model: TownModel;
  readonly #options: SearchOptions;
  readonly #table: StateTable;
  readonly #parents = new Growing();
  readonly #depths = new Growing();
  #transitions = 0;
  #violation: Violation | undefined;

  constructor(model: TownModel, options: SearchOptions) {
    this.#model = model;
    this.#options = options;
    this.#table = new StateTable(model.soups, model);
  }

  async run(first: Row): Promise<Exploration> {
    this.#meet(first, -1);
    const most = this.#options.maxStates ?? MAX_STATES;
    for (let number = 0; number < this.#table.size && this.#violation === undefined; number += 1) {
      const row = this.#table.at(number);
      const work = this.#model.prepare(row);
      if (work !== undefined) await work;
      this.#model.next(row, (next) => {
        this.#transitions += 1;
        this.#meet(next, number);
      });
      if (this.#table.size > most) throw new Error(`more than ${most} states: the bound is too wide`);
      if (number % PROGRESS_EVERY === 0)
        this.#options.onProgress?.(this.#table.size, this.#depths.at(this.#table.size - 1));
    }
    if (this.#violation === undefined) await this.#findStuck();
    return this.#result();
  }

  #meet(row: Row, parent: number): void {
    const before = this.#table.size;
    const cores = this.#table.cores;
    const number = this.#table.add(row);
    if (number < before) return;
    this.#parents.push(parent);
    this.#depths.push(parent < 0 ? 0 : this.#depths.at(parent) + 1);
    if (this.#violation !== undefined) return;
    const what = violationIn(this.#model, row);
    if (what !== undefined) this.#violation = { at: number, what };
    else if (this.#table.cores > cores) this.#meetEmptyHanded(row, number);
  }

  #meetEmptyHanded(row: Row, number: number): void {
    const what = forgottenIn(this.#model, this.#model.emptyHanded(row));
    if (what !== undefined) this.#violation = { at: number, what, emptyHanded: true };
  }

  async #findStuck(): Promise<void> {
    const rests = await canRest(this.#model, this.#table);
    const stuck = rests.indexOf(0);
    if (stuck < 0) return;
    const what = 'liveness: from here no proof can ever end every open voucher';
    this.#violation = { at: this.#table.firstWith(stuck), what, emptyHanded: true };
  }

  #result(): Exploration {
    const { size, cores } = this.#table;
    const counted = {
      states: size,
      cores,
      transitions: this.#transitions,
      depth: this.#depths.at(size - 1),
      ledgerStates: this.#model.ledger.size,
      meterStates: this.#model.meters.size,
      soups: this.#model.soups.size,
      phases: this.#phases(),
    };
    if (this.#violation === undefined) return counted;
    const { at, what, emptyHanded } = this.#violation;
    const steps = emptyHanded === true ? [...this.#stepsTo(at), LOSE_ALL] : this.#stepsTo(at);
    return { ...counted, counterExample: { violation: what, steps } };
  }

  #phases(): Record<Phase, PhaseCount> {
    const phases = {
      before: { cores: 0, depth: 0 },
      'backed up': { cores: 0, depth: 0 },
      restored: { cores: 0, depth: 0 },
    };
    for (let core = 0; core < this.#table.cores; core += 1) {
      const phase = phases[this.#model.phaseOf(this.#table.coreAt(core))];
      phase.cores += 1;
      phase.depth = Math.max(phase.depth, this.#depths.at(this.#table.firstWith(core)));
    }
    return phases;
  }

  #stepsTo(at: number): readonly string[] {
    const steps: string[] = [];
    for (let number = at; this.#parents.at(number) >= 0; number = this.#parents.at(number)) {
      const target = this.#table.at(number);
      const source = this.#table.at(this.#parents.at(number));
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
