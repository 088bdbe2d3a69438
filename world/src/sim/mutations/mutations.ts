/** One planted bug: a piece of production's text and what stands there instead. */
export interface Mutation {
  /** What a hurried author might have thought. */
  readonly why: string;
  /** From the root of the repository. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** Bugs that the checkers must see (each removes one safeguard). */
export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'answer-before-sync': {
    why: 'Waiting for the disk is slow; the answer is known before.',
    file: 'gateway/src/ledger/embedded/writer.ts',
    find: '    const begun = clock.monotonic();\n',
    replace:
      '    const begun = clock.monotonic();\n    for (const waiter of group.waiters.splice(0)) waiter.landed();\n',
  },
};
