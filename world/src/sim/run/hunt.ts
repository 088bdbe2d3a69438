import { availableParallelism } from 'node:os';
import { MUTATIONS } from '../mutations/mutations.ts';
import type { SeedResult } from '../run-seed.ts';
import { type Crew, hireCrew } from './crew.ts';
import type { RunOptions } from './options.ts';

/** A planted bug that no world sees within so many seeds is one that the checkers are blind to. */
const MOST_SEEDS = 200;

/** A planted bug, and the first seed that saw it, if one did. */
export interface Hunted {
  readonly mutation: string;
  readonly why: string;
  readonly caught?: SeedResult;
  readonly seeds: number;
}

/** Plants every bug in turn, one in each process, and looks for the first seed that sees it. */
export const huntAll = async (
  options: RunOptions,
  say: (line: string) => void,
): Promise<readonly Hunted[]> => {
  const left = Object.keys(MUTATIONS).filter((name) => MUTATIONS[name]?.isRare !== true);
  const hunted: Hunted[] = [];
  const work = async (): Promise<void> => {
    for (let mutation = left.shift(); mutation !== undefined; mutation = left.shift()) {
      const one = await hunt(mutation, options);
      hunted.push(one);
      const { caught } = one;
      const found = caught === undefined ? 'NOT SEEN' : `seed ${caught.seed}: ${caught.violations[0]}`;
      say(`${mutation}: ${found} (${one.seeds} seeds)`);
    }
  };
  await Promise.all(Array.from({ length: options.workers ?? availableParallelism() }, work));
  return hunted;
};

const hunt = async (mutation: string, { baseSeed, limits }: RunOptions): Promise<Hunted> => {
  const crew: Crew = hireCrew(1, mutation);
  const why = MUTATIONS[mutation]?.why ?? '';
  try {
    for (let seeds = 1; seeds <= MOST_SEEDS; seeds += 1) {
      const result = await crew.run({ seed: baseSeed + seeds - 1, ...limits });
      if (result.violations.length > 0) return { mutation, why, caught: result, seeds };
    }
    return { mutation, why, seeds: MOST_SEEDS };
  } finally {
    crew.close();
  }
};
