import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { BOUNDS, boundNamed } from './bound.ts';
import { MUTATIONS, mutationNamed } from './mutations/all.ts';
import type { Subject } from './outcome.ts';

/** More at a time would need more memory than is promised. */
const MOST_WORKERS = 4;

const names = (rare: boolean): string =>
  BOUNDS.filter((bound) => (bound.isLong === true) === rare)
    .map(({ name }) => name)
    .join(', ');

export const USAGE: string = `usage: npm run model -- [--bound NAME]… [--mutation NAME]… [--without-mutations] [--workers N] [--report FILE | --json]

Explores the redemption protocol, production's own rules and decisions, exhaustively within stated bounds.
  --bound NAME          only this bound: ${names(false)};
                        and those that take long: ${names(true)}
  --mutation NAME       only this planted bug, with its shortest counter-example
  --without-mutations   the bounds alone
  --workers N           explorations at a time (as many as there are processors, at most ${MOST_WORKERS})
  --report FILE         writes the tables into FILE too, in place of those of the last run: between
                        <!-- every bound --> and <!-- end -->, with --bound or --mutation between <!-- by name --> and <!-- end -->
  --json                one JSON object instead of tables
exit 0: no violation, and every planted bug found · 1: otherwise · 2: usage`;

export type ReportPlace = 'every bound' | 'by name';

export interface ModelOptions {
  readonly json: boolean;
  readonly workers: number;
  /** Where the tables are written too: a document, and the one of its places that is for what was asked. */
  readonly report?: { readonly file: string; readonly place: ReportPlace };
  readonly bounds: readonly Subject[];
  readonly mutations: readonly Subject[];
}

/** What the command line asks for; undefined when it asks for help. Throws for what it cannot mean. */
export function readOptions(args: readonly string[]): ModelOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      bound: { type: 'string', multiple: true },
      mutation: { type: 'string', multiple: true },
      'without-mutations': { type: 'boolean' },
      workers: { type: 'string' },
      report: { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return undefined;
  const { bound, mutation, report: file } = values;
  const place = bound || mutation ? 'by name' : 'every bound';
  const bounds = bound?.map(boundNamed) ?? (mutation ? [] : BOUNDS.filter(({ isLong }) => isLong !== true));
  const mutations = mutation?.map(mutationNamed) ?? (bound ? [] : MUTATIONS);
  return {
    json: values.json === true,
    workers: workersIn(values.workers),
    ...(file === undefined ? {} : { report: { file, place } }),
    bounds: bounds.map(({ name, about }) => ({ name, about, bound: name })),
    mutations: (values['without-mutations'] === true ? [] : mutations).map(
      ({ name, about, bound: within }) => ({
        ...{ name, about, bound: within },
        mutation: name,
      }),
    ),
  };
}

function workersIn(text: string | undefined): number {
  if (text === undefined) return Math.min(availableParallelism(), MOST_WORKERS);
  if (!/^[1-9]\d?$/.test(text)) throw new Error(`--workers: a number from 1 to 99, not "${text}"`);
  return Number(text);
}
