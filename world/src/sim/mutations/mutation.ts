/** A piece of production's text and what stands there instead. */
export interface Edit {
  /** From the root of the repository. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** One planted bug. */
export interface Mutation {
  /** What is undone, in the words of WIRE.md and DESIGN.md. */
  readonly safeguard: string;
  /** What a hurried author might have thought. */
  readonly why: string;
  readonly edits: readonly Edit[];
}
