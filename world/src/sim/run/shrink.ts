import { planOf } from '../faults/plan.ts';
import type { SeedResult } from '../run-seed.ts';
import type { Crew } from './crew.ts';
import type { WorldRequest } from './protocol.ts';

const SHORTEST_MS = 15_000;

export interface ShrinkLimits {
  /** Asked before each world that is tried: the search ends with the smallest found so far. */
  readonly isTimeUp: () => boolean;
}

/**
 * The smallest world found that still breaks the same rule: a shorter time of trouble, which makes every world after it
 * quicker to try, fewer kinds of faults, and then perhaps a shorter time again.
 */
export const shrink = async (
  crew: Crew,
  failed: { readonly result: SeedResult; readonly from: WorldRequest },
  { isTimeUp }: ShrinkLimits,
): Promise<WorldRequest> => {
  const invariant = invariantOf(failed.result);
  const stillFails = async (request: WorldRequest): Promise<boolean> =>
    !isTimeUp() && invariantOf(await crew.run(request)) === invariant;
  const shorter = await inShorterTime(failed.from, stillFails);
  const fewer = await withFewerKinds(shorter, stillFails);
  return inShorterTime(fewer, stillFails);
};

type StillFails = (request: WorldRequest) => Promise<boolean>;

const withFewerKinds = async (from: WorldRequest, stillFails: StillFails): Promise<WorldRequest> => {
  let best = from;
  for (const kind of planOf(from.seed, from).faults.keys()) {
    const kinds = [...planOf(best.seed, best).faults.keys()];
    const smaller = { ...best, only: kinds.filter((other) => other !== kind) };
    if (await stillFails(smaller)) best = smaller;
  }
  return best;
};

const inShorterTime = async (from: WorldRequest, stillFails: StillFails): Promise<WorldRequest> => {
  let [works, tooShort] = [planOf(from.seed, from).troubledMs, 0];
  while (works - tooShort > SHORTEST_MS) {
    const troubledMs = Math.round((works + tooShort) / 2);
    if (await stillFails({ ...from, troubledMs })) works = troubledMs;
    else tooShort = troubledMs;
  }
  return { ...from, troubledMs: works };
};

const invariantOf = ({ violations }: SeedResult): string | undefined => violations[0]?.split(':')[0];
