import { boundNamed } from './bound.ts';
import type { Outcome } from './outcome.ts';

/** A number as people read it. */
export const count = (number: number): string => number.toLocaleString('en-US');

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
    [
      ...['bound', 'what is in it', 'window', 'states', 'transitions', 'ledger × meters', 'depth'],
      ...['CPU s', 'MB', 'violations'],
    ],
    outcomes.map(({ bound, about, cpuSeconds, memoryMb, exploration }) => [
      bound,
      about,
      `${boundNamed(bound).window}`,
      count(exploration.states),
      count(exploration.transitions),
      count(exploration.cores),
      `${exploration.depth}`,
      cpuSeconds.toFixed(1),
      `${memoryMb}`,
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

/** What is written into a document: what ran, and the tables. */
export const written = (run: {
  readonly ran: string;
  readonly seconds: number;
  readonly workers: number;
  readonly bounds: readonly Outcome[];
  readonly mutations: readonly Outcome[];
}): string => {
  const { ran, seconds, workers, bounds, mutations } = run;
  const at = `${workers} at a time`;
  return [
    `What ran: ${ran}; ${seconds.toFixed(0)} s by the clock, ${at}: ${summary(bounds, mutations)}.`,
    ...(bounds.length === 0 ? [] : [boundsTable(bounds)]),
    ...(mutations.length === 0 ? [] : [mutationsTable(mutations)]),
  ].join('\n\n');
};

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

/** The last line. */
export function summary(bounds: readonly Outcome[], mutations: readonly Outcome[]): string {
  const all = [...bounds, ...mutations];
  const states = all.reduce((sum, { exploration }) => sum + exploration.states, 0);
  const broken = bounds.filter(({ exploration }) => exploration.counterExample !== undefined).length;
  const found = mutations.filter(({ exploration }) => exploration.counterExample !== undefined).length;
  const most = Math.max(0, ...all.map(({ memoryMb }) => memoryMb));
  return [
    `${bounds.length} bounds complete, ${broken} with a violation`,
    `${found} of ${mutations.length} planted bugs found`,
    `${count(states)} states`,
    `at most ${count(most)} MB in one process`,
  ].join(' · ');
}
