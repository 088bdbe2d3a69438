import type { Protocol } from '../protocol.ts';

/** A planted bug, and the bound within which it must be found. */
export interface Mutation {
  readonly name: string;
  readonly about: string;
  readonly bound: string;
  readonly protocol: Protocol;
}
