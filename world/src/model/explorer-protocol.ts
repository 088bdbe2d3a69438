import type { Outcome, Subject } from './outcome.ts';

/** Asked of an explorer's process, once. */
export type ExplorerRequest = Subject;

/** What it says: how far it is, and at last what came of it. */
export type ExplorerMessage =
  | { readonly states: number; readonly depth: number }
  | { readonly outcome: Outcome }
  | { readonly failed: string };
