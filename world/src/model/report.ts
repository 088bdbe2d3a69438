import type { Exploration } from './search.ts';

/** What came of one bound, or of one planted bug in its bound. */
export interface Outcome {
  readonly name: string;
  readonly about: string;
  readonly bound: string;
  readonly exploration: Exploration;
  readonly seconds: number;
  /** Of one processor: what does not depend on who else is at work. */
  readonly cpuSeconds: number;
}

const count = (number: number): string => number.toLocaleString('en-US');

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(head), rule, ...rows.map(line)].join('\n');
};

/** The bounds explored with production's rules, as a table. */
export const boundsTable = (outcomes: readonly Outcome[]): string =>
  table(
    ['bound', 'what is in it', 'states', 'transitions', 'depth', 'at rest', 'seconds', 'CPU s', 'violations'],
    outcomes.map(({ bound, about, seconds, cpuSeconds, exploration }) => [
      bound,
      about,
      count(exploration.states),
      count(exploration.transitions),
      `${exploration.depth}`,
      count(exploration.atRest),
      seconds.toFixed(1),
      cpuSeconds.toFixed(1),
      exploration.counterExample === undefined ? '0' : exploration.counterExample.violation,
    ]),
  );

/** The planted bugs, each with the length of its shortest counter-example, as a table. */
export const mutationsTable = (outcomes: readonly Outcome[]): string =>
  table(
    ['planted bug', 'bound', 'steps', 'found as'],
    outcomes.map(({ name, bound, exploration: { counterExample } }) => [
      name,
      bound,
      counterExample === undefined ? 'NOT FOUND' : `${counterExample.steps.length}`,
      counterExample?.violation ?? '',
    ]),
  );

/** A counter-example to read, step by step. */
export const trace = ({ name, about, exploration: { counterExample } }: Outcome): string =>
  [
    `${name}: ${about}`,
    ...(counterExample === undefined
      ? ['  no violation']
      : [
          ...counterExample.steps.map((step, index) => `${`${index + 1}`.padStart(4)}. ${step}`),
          `      ⇒ ${counterExample.violation}`,
        ]),
  ].join('\n');
