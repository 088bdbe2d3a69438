import type { SeedOptions, SeedResult } from '../run-seed.ts';

/** What a worker is asked: one world. */
export type WorldRequest = Omit<SeedOptions, 'onTrace'>;

/** What it answers; a world that could not be run to its end says why. */
export type WorldAnswer = { readonly result: SeedResult } | { readonly failed: string };
