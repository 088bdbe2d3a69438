import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { MUTATIONS } from '../mutations/mutations.ts';
import type { SeedResult } from '../run-seed.ts';
import { type Crew, hasEnded, hireCrew } from './crew.ts';
import type { RunOptions } from './options.ts';

/** A planted bug that no world sees within so many seeds is one that the checkers are blind to. */
const MOST_SEEDS = 200;
/** By name of the bug, the seed that saw it last: which world a seed makes changes with the code, so it is only a hint. */
const HINTS = fileURLToPath(new URL('../mutations/seen-by.json', import.meta.url));

/** A planted bug, and the first seed that saw it, if one did. */
export interface Hunted {
  readonly mutation: string;
  readonly safeguard: string;
  readonly why: string;
  readonly caught?: SeedResult;
  readonly seeds: number;
  readonly seconds: number;
}

/**
 * Plants every bug in turn, one in each process, and looks for a seed that sees it: first the one that did last time,
 * then fresh ones. With `keepHints` from fresh seeds alone, and what they find is the hint from now on.
 */
export const huntAll = async (
  options: RunOptions,
  say: (line: string) => void,
): Promise<readonly Hunted[]> => {
  const hints = options.keepHints ? {} : readHints();
  const left = Object.keys(MUTATIONS).filter(
    (name) => options.mutation === undefined || name === options.mutation,
  );
  const hunted: Hunted[] = [];
  const work = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      const one = await hunt(name, options, hints[name]);
      hunted.push(one);
      say(lineOf(one));
      if (options.keepHints) keepHint(one);
    }
  };
  await Promise.all(Array.from({ length: options.workers ?? availableParallelism() }, work));
  return hunted;
};

const hunt = async (
  mutation: string,
  { baseSeed, limits }: RunOptions,
  hint: number | undefined,
): Promise<Hunted> => {
  const crew: Crew = hireCrew(1, mutation);
  const { safeguard = '', why = '' } = MUTATIONS[mutation] ?? {};
  const about = { mutation, safeguard, why };
  const beganMs = performance.now();
  const seeds = hint === undefined ? [] : [hint];
  for (let seed = baseSeed; seeds.length < MOST_SEEDS; seed += 1) seeds.push(seed);
  const seconds = (): number => (performance.now() - beganMs) / 1_000;
  try {
    for (const [index, seed] of seeds.entries()) {
      const result = await crew.run({ seed, ...limits });
      const isCaught = result.violations.length > 0 && hasEnded(result);
      if (isCaught) return { ...about, caught: result, seeds: index + 1, seconds: seconds() };
    }
    return { ...about, seeds: seeds.length, seconds: seconds() };
  } finally {
    crew.close();
  }
};

const lineOf = ({ mutation, caught, seeds, seconds }: Hunted): string => {
  const found = caught === undefined ? 'NOT SEEN' : `seed ${caught.seed}: ${caught.violations[0]}`;
  return `${mutation}: ${found} (seeds: ${seeds}, ${seconds.toFixed(0)} s)`;
};

const readHints = (): Record<string, number> => JSON.parse(readFileSync(HINTS, 'utf8'));

const keepHint = ({ mutation, caught }: Hunted): void => {
  if (caught === undefined) return;
  const kept = Object.entries({ ...readHints(), [mutation]: caught.seed });
  const sorted = kept.filter(([name]) => name in MUTATIONS).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(HINTS, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
};
