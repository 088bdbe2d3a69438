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
    ['bound', 'what is in it', 'window', 'states', 'transitions', 'depth', 'CPU s', 'MB', 'violations'],
    outcomes.map(({ bound, about, cpuSeconds, memoryMb, exploration }) => [
      bound,
      about,
      `${boundNamed(bound).window}`,
      count(exploration.states),
      count(exploration.transitions),
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
