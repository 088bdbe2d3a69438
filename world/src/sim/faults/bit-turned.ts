import type { Chance } from '../kernel/chance.ts';

const BITS = 8;

/** The same bytes but for one bit. */
export const withABitTurned = (bytes: Uint8Array, chance: Chance): Uint8Array => {
  const turned = Uint8Array.from(bytes);
  const at = chance.below(Math.max(1, turned.length));
  turned[at] = (turned[at] ?? 0) ^ (1 << chance.below(BITS));
  return turned;
};
