import { parseArgs } from 'node:util';
import { FAULT_KINDS, isFaultKind } from '../faults/kinds.ts';
import type { PlanLimits } from '../faults/plan.ts';
import { MUTATIONS } from '../mutations/mutations.ts';

export interface RunOptions {
  readonly baseSeed: number;
  readonly seeds: number;
  readonly minutes: number;
  /** One world only. */
  readonly seed?: number;
  readonly trace: boolean;
  readonly workers?: number;
  /** So many of the first seeds are run twice, in two processes. */
  readonly twice: number;
  readonly mutation?: string;
  /** Every planted bug, one after another, each until it is seen. */
  readonly mutations: boolean;
  /** Each planted bug from `baseSeed` on, whichever seed saw it last. */
  readonly fresh: boolean;
  /** As `fresh`, and the first seed that sees a bug is where the next hunt for it begins. */
  readonly keepHints: boolean;
  /** The hunt looks for no further seed after so long. */
  readonly huntMinutes: number;
  /** Neither seeds nor time nor kinds were chosen: long enough for every crash point, and one that was missed is a failure. */
  readonly isFull: boolean;
  /** The file that the report is written to, once all worlds and all planted bugs were run. */
  readonly report?: string;
  readonly limits: PlanLimits;
}

export const USAGE = `npm run world -- [--seeds N] [--minutes M] [--base-seed B] [--workers W] [--twice N]
npm run world -- --seed S [--trace] [--only KIND,…] [--troubled-ms MS] [--ledger embedded|fabric-model] [--gateways N]
Either with --mutation NAME: production code with that bug planted.
npm run world -- --report FILE [--minutes M]: many worlds, then every planted bug from fresh seeds, written down as
Markdown; the seeds that saw them are kept, as with --keep-hints
npm run world -- --mutations [--mutation NAME] [--fresh | --keep-hints] [--minutes M]: every planted bug, or one, each until a
world sees it, in at most 200 seeds; begins with the seed that saw it last, or, with --fresh, with --base-seed; --keep-hints
keeps what it finds so
Kinds of faults: ${FAULT_KINDS.join(', ')}`;

const DEFAULT_MINUTES = 5;
const DEFAULT_TWICE = 50;
const LIMITING = [
  'seeds',
  'minutes',
  'seed',
  'mutation',
  'only',
  'troubled-ms',
  'ledger',
  'gateways',
] as const;

const OPTIONS = {
  seeds: { type: 'string' },
  minutes: { type: 'string' },
  'base-seed': { type: 'string' },
  seed: { type: 'string' },
  trace: { type: 'boolean' },
  workers: { type: 'string' },
  twice: { type: 'string' },
  only: { type: 'string' },
  'troubled-ms': { type: 'string' },
  ledger: { type: 'string' },
  gateways: { type: 'string' },
  mutation: { type: 'string' },
  mutations: { type: 'boolean' },
  fresh: { type: 'boolean' },
  'keep-hints': { type: 'boolean' },
  report: { type: 'string' },
  help: { type: 'boolean' },
} as const;

type NumberName = 'seeds' | 'base-seed' | 'seed' | 'workers' | 'twice' | 'troubled-ms' | 'gateways';

/** Reads the command line; `undefined` when the help was asked for. Throws what is wrong with it. */
export const readOptions = (args: readonly string[]): RunOptions | undefined => {
  const { values } = parseArgs({ args: [...args], options: OPTIONS });
  if (values.help === true) return undefined;
  const count = (name: NumberName, least = 0) =>
    values[name] === undefined ? undefined : wholeNumber(name, values[name], least);
  const [seed, workers, troubledMs] = [count('seed'), count('workers', 1), count('troubled-ms', 1)];
  const gateways = count('gateways', 1);
  return {
    baseSeed: count('base-seed') ?? 1,
    seeds: count('seeds', 1) ?? Number.POSITIVE_INFINITY,
    minutes: minutesOf(values.minutes, values.seeds === undefined),
    trace: values.trace ?? false,
    mutations: values.mutations ?? false,
    fresh: values.fresh === true || values['keep-hints'] === true,
    keepHints: values['keep-hints'] ?? false,
    huntMinutes: minutesOf(values.mutations === true ? values.minutes : undefined, false),
    isFull: LIMITING.every((name) => values[name] === undefined),
    twice: count('twice') ?? DEFAULT_TWICE,
    ...(seed === undefined ? {} : { seed }),
    ...(workers === undefined ? {} : { workers }),
    ...(values.report === undefined ? {} : { report: values.report }),
    ...(values.mutation === undefined ? {} : { mutation: mutationOf(values.mutation) }),
    limits: {
      ...(values.only === undefined ? {} : { only: kindsOf(values.only) }),
      ...(troubledMs === undefined ? {} : { troubledMs }),
      ...(gateways === undefined ? {} : { gateways }),
      ...(values.ledger === undefined ? {} : { ledger: ledgerOf(values.ledger) }),
    },
  };
};

const wholeNumber = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least)
    throw new Error(`--${name} is a whole number from ${least} on.`);
  return value;
};

const minutesOf = (text: string | undefined, isBudget: boolean): number => {
  if (text === undefined) return isBudget ? DEFAULT_MINUTES : Number.POSITIVE_INFINITY;
  const minutes = Number(text);
  if (!(minutes > 0)) throw new Error('--minutes is a number above 0.');
  return minutes;
};

const kindsOf = (text: string) =>
  text === 'none'
    ? []
    : text.split(',').map((kind) => {
        if (isFaultKind(kind)) return kind;
        throw new Error(`--only: there is no kind of fault ${kind}.`);
      });

const mutationOf = (name: string): string => {
  if (Object.hasOwn(MUTATIONS, name)) return name;
  throw new Error(`--mutation: there is no bug ${name}. There are: ${Object.keys(MUTATIONS).join(', ')}.`);
};

const ledgerOf = (text: string) => {
  if (text === 'embedded' || text === 'fabric-model') return text;
  throw new Error('--ledger is embedded or fabric-model.');
};
