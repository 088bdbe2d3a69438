import type { Random } from './edges.ts';

/** How long to wait before the next attempt: doubles from `firstMs` to `maxMs`, and half of it is left to chance. */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/** `attempt` counts from 0, `chance` is from [0, 1): gateways that lost one broker must not all come back at once. */
export const delayMs = ({ firstMs, maxMs }: Backoff, attempt: number, chance: number): number => {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(attempt, 30));
  return Math.round(full / 2 + (full / 2) * chance);
};

/** From [0, 1). */
export const chanceOf = (random: Random): number => Buffer.from(random.bytes(4)).readUInt32BE() / 2 ** 32;
