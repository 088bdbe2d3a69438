import type { PlanLimits } from '../faults/plan.ts';
import { commandOf, commandOfHunt, commandOfMany } from './command.ts';
import type { Hunted } from './hunt.ts';
import type { RunOptions } from './options.ts';
import type { Totals } from './totals.ts';

/** What a report is made of: one run of many worlds, and one hunt of every planted bug. */
export interface Reported {
  readonly totals: Totals;
  readonly seconds: number;
  readonly hunted: readonly Hunted[];
  readonly options: Pick<RunOptions, 'baseSeed' | 'twice' | 'limits'>;
  /** What the worlds ran: commit, Node, processors. */
  readonly ran: string;
}

const INTRODUCTION = `# Exactly once, shown

This page is written by a command, from one run of it; nothing in it is typed by hand:

    npm run world -- --report docs/exactly-once.md

A world is the whole system in one process under one seed and one virtual clock: meters, handsets, broker, gateways and
ledger run production's code, while clock, chance, network and storage are the world's. Each seed draws its own faults, and liars
among them. What must hold is stated in [architecture.md](architecture.md#invariants) (I1–I8, and rights) and checked as the world
goes on; when its faults have healed, everything must come to rest. What worlds cannot see, and what shows it instead, is
[decision 0033](decisions/0033-what-worlds-can-see.md). Which world a seed makes follows from the code: check out the commit below
to have the very same ones.
`;

const HOW = `## Look for yourself

    npm run world                                  five minutes of worlds, as above
    npm run world -- --seed 7 --trace              one world, every event of it, the same bytes each time
    npm run world -- --mutations                   every planted bug, each until a world sees it; the one that did last is tried first
    npm run world -- --mutation NAME --seed S      one world with that bug in it
    npm run model                                  the redemption protocol explored exhaustively: [model.md](model.md)
    npm run test:kill                              real processes killed with -9

A seed that fails prints the command that runs it again, and the smallest schedule found that still fails.
`;

/** The report as Markdown; its figures are those of the run it is given. */
export const reportOf = ({ totals, seconds, hunted, options, ran }: Reported): string => {
  const { baseSeed, twice, limits } = options;
  const again = commandOfMany({ ...limits, baseSeed, twice, seeds: totals.seeds });
  return [
    INTRODUCTION,
    `What ran: ${ran}.\n`,
    `## The worlds\n\n${WORLDS}\n\n    ${again}\n`,
    table(['what', 'how much', 'goal, in five minutes on two cores'], totalRows(totals, seconds, baseSeed)),
    '## Faults\n',
    table(['kind', 'times'], counted(totals.faults)),
    '## Crash points\n\nAll that are declared. A process was killed so often at each; what was not synced was lost.\n',
    table(['where', 'times'], counted(totals.crashPoints)),
    '## What the worlds did\n',
    table(['what', 'times'], counted(totals.work)),
    `## Planted bugs\n\n${BUGS}\n\n    ${commandOfHunt({ ...limits, baseSeed })}\n`,
    table(
      ['bug', 'the safeguard', 'why somebody might', 'seen by', 'as', `seeds needed, from ${baseSeed} on`],
      hunted.map((one) => bugRow(one, limits)),
    ),
    HOW,
  ].join('\n');
};

const WORLDS = `All figures of this and the next three tables but the seconds, the hash among them, come again on any machine from the
same commit with this command; a run by minutes ends at another seed wherever it is run:`;

const BUGS = `Each is one safeguard taken out of production code as it is loaded. The worlds were tried in their order, whichever saw the
bug at another time; each row has the command that shows it, and all of them come again with this one:`;

const totalRows = (totals: Totals, seconds: number, baseSeed: number): readonly Row[] => [
  ['seeds', `${totals.seeds}, from ${baseSeed} on`, '300'],
  ['seconds that they took', seconds.toFixed(0), ''],
  ['violations', String(totals.failed.length), '0'],
  ['simulated time with power', `${totals.daysWithPower.toFixed(2)} days`, ''],
  [
    'simulated time without power: nothing runs, and the clock jumps to its end',
    `${totals.daysWithoutPower.toFixed(2)} days`,
    '183 days, with and without',
  ],
  ['faults', String(totals.faultCount), '200,000'],
  ['crashes, with meters whose power was cut', String(totals.crashes), '20,000'],
  ['crash points', `${totals.crashPoints.size}, each at least ${totals.leastCrashes} times`, '50 times each'],
  ['seeds run twice, in two processes, with equal hashes', String(totals.compared), '50'],
  [`hash over the hashes of those seeds`, `\`${totals.hashOfCompared}\``, ''],
];

const bugRow = ({ mutation, safeguard, why, caught, freshSeeds }: Hunted, limits: PlanLimits): Row => [
  `\`${mutation}\``,
  safeguard,
  why,
  caught === undefined ? '**not seen**' : `\`${commandOf({ seed: caught.seed, ...limits }, mutation)}\``,
  caught?.violations[0]?.slice(0, LONGEST_VIOLATION) ?? '',
  String(freshSeeds),
];

const LONGEST_VIOLATION = 90;

type Row = readonly string[];

const counted = (counts: ReadonlyMap<string, number>): readonly Row[] =>
  [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => [name, String(count)]);

const line = (cells: Row): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const table = (head: Row, rows: readonly Row[]): string =>
  [line(head), line(head.map(() => '---')), ...rows.map(line), ''].join('\n');
