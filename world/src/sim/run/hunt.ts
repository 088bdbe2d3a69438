import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MUTATIONS } from '../mutations/mutations.ts';
import type { SeedResult } from '../run-seed.ts';
import { type Crew, hasEnded, hireCrew } from './crew.ts';
import type { RunOptions } from './options.ts';

/** A planted bug that no world sees within so many seeds is one that the checkers are blind to. */
const MOST_SEEDS = 200;
const MINUTE_MS = 60_000;
/** By name of the bug, the seed that saw it last: which world a seed makes changes with the code, so it is only a hint. */
const HINTS = fileURLToPath(new URL('../mutations/seen-by.json', import.meta.url));

/** A planted bug, and the seed that saw it, if one did. */
export interface Hunted {
  readonly mutation: string;
  readonly safeguard: string;
  readonly why: string;
  readonly caught?: SeedResult;
  /** How many seeds from the base seed on were needed; none, where the one that saw it last saw it again. */
  readonly freshSeeds: number;
  readonly seconds: number;
}

type Caught = Pick<Hunted, 'freshSeeds' | 'caught'>;

/**
 * Plants every bug in turn, one in each process, and looks for a seed that sees it: first the one that did last time,
 * then fresh ones. With `fresh` those alone; with `keepHints` what they find is the hint from now on. Sorted by name.
 */
export const huntAll = async (
  options: RunOptions,
  say: (line: string) => void,
): Promise<readonly Hunted[]> => {
  const hints = options.fresh ? {} : readHints();
  const endMs = performance.now() + options.huntMinutes * MINUTE_MS;
  const isTimeUp = (): boolean => performance.now() >= endMs;
  const left = Object.keys(MUTATIONS).filter(
    (name) => options.mutation === undefined || name === options.mutation,
  );
  const hunted: Hunted[] = [];
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const one = await hunt(name, { ...options, hint: hints[name], isTimeUp });
      hunted.push(one);
      say(lineOf(one));
      if (options.keepHints) keepHint(one);
    }
  };
  await Promise.all(Array.from({ length: options.workers ?? availableParallelism() }, work));
  return hunted.sort((a, b) => (a.mutation < b.mutation ? -1 : 1));
};

interface HuntOptions extends Pick<RunOptions, 'baseSeed' | 'limits'> {
  readonly hint: number | undefined;
  readonly isTimeUp: () => boolean;
}

const hunt = async (mutation: string, options: HuntOptions): Promise<Hunted> => {
  const crew = hireCrew(1, mutation);
  const { safeguard = '', why = '' } = MUTATIONS[mutation] ?? {};
  const about = { mutation, safeguard, why };
  const beganMs = performance.now();
  try {
    const seen = await firstToSee(crew, options);
    return { ...about, ...seen, seconds: (performance.now() - beganMs) / 1_000 };
  } finally {
    crew.close();
  }
};

const firstToSee = async (crew: Crew, { baseSeed, limits, hint, isTimeUp }: HuntOptions): Promise<Caught> => {
  const caughtBy = async (seed: number): Promise<SeedResult | undefined> => {
    const result = await crew.run({ seed, ...limits });
    return result.violations.length > 0 && hasEnded(result) ? result : undefined;
  };
  const known = hint === undefined || isTimeUp() ? undefined : await caughtBy(hint);
  if (known !== undefined) return { caught: known, freshSeeds: 0 };
  let freshSeeds = 0;
  while (freshSeeds < MOST_SEEDS && !isTimeUp()) {
    const seed = baseSeed + freshSeeds;
    freshSeeds += 1;
    const caught = seed === hint ? undefined : await caughtBy(seed);
    if (caught !== undefined) return { caught, freshSeeds };
  }
  return { freshSeeds };
};

const lineOf = ({ mutation, caught, freshSeeds, seconds }: Hunted): string => {
  const missed = freshSeeds < MOST_SEEDS ? 'NOT SEEN before the time was up' : 'NOT SEEN';
  const found = caught === undefined ? missed : `seed ${caught.seed}: ${caught.violations[0]}`;
  const tried =
    caught !== undefined && freshSeeds === 0 ? 'the seed that saw it last' : `fresh seeds: ${freshSeeds}`;
  return `${mutation}: ${found} (${tried}, ${seconds.toFixed(0)} s)`;
};

const readHints = (): Record<string, number> => JSON.parse(readFileSync(HINTS, 'utf8'));

const keepHint = ({ mutation, caught }: Hunted): void => {
  if (caught === undefined) return;
  const kept = Object.entries({ ...readHints(), [mutation]: caught.seed });
  const sorted = kept.filter(([name]) => name in MUTATIONS).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(HINTS, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
};
