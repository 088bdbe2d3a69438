import { createHash } from 'node:crypto';
import { type Random, seededRandom } from '@tapwatt/simulator';

/** Chance for one concern of a world, so that one more draw in one concern shifts nothing in another. */
export interface Chance extends Random {
  /** True with this probability. */
  happens(probability: number): boolean;
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number;
  /** One of them. Throws `RangeError` on an empty list. */
  pick<T>(from: readonly T[]): T;
  /** One of them, or `undefined` where there is none. */
  oneOf<T>(from: Iterable<T>): T | undefined;
  bytes(length: number): Uint8Array;
}

/** The chance of one concern, by its name, in the world of one seed. */
export const chanceOf = (seed: number, concern: string): Chance => {
  const random = seededRandom(createHash('sha256').update(`${seed}~${concern}`).digest().readUInt32BE());
  return {
    ...random,
    happens: (probability) => random.next() < probability,
    between: (least, most) => least + random.below(most - least + 1),
    pick(from) {
      const one = from[random.below(from.length)];
      if (one === undefined) throw new RangeError('nothing to pick from');
      return one;
    },
    oneOf(from) {
      const all = [...from];
      return all.length === 0 ? undefined : all[random.below(all.length)];
    },
    bytes: (length) => Uint8Array.from({ length }, () => random.below(256)),
  };
};
