import type { Submitter } from '@tapwatt/chaincode';
import type { Ledger } from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';

/** One process that can be killed and comes back by itself. */
export interface Crashable {
  readonly name: string;
  /** Where the network finds it; by its name where nothing else is said. */
  readonly address?: string;
  readonly isUp: boolean;
  /** Whether there was a process to kill. */
  crash(why: string): boolean;
  /** It stands still for so many ms, and then goes on as if nothing had been; answers whether it had been running. */
  freeze(ms: number): boolean;
  /** It is killed, and not started again before so many ms have passed. */
  stayDown(ms: number): void;
  /** What follows its ledger, where it has one of its own. */
  readonly books?: Books;
  /** Takes a signed order of an office; absent while it is down. Never resolves where it dies before its answer. */
  readonly administer?: ((jws: string) => Promise<unknown>) | undefined;
  /** Its clock is so much ahead of the world's, ms. */
  skewMs: number;
}

/** Ledger, broker and gateways of a world, whatever kind they are. */
export interface Site {
  readonly gateways: readonly Crashable[];
  readonly broker: Crashable | undefined;
  /** Starts everything and resolves when it serves. */
  start(): Promise<void>;
  /** The ledger for an observer, whom no fault touches; `undefined` while there is none to ask. */
  readonly books: ((party: Submitter) => Ledger) | undefined;
  /** Commits an order as its party signed it. Throws what the ledger throws. */
  submitOrder(jws: string): Promise<void>;
  /** Two machines go on from one disk. */
  readonly isCopied: boolean;
  /** I7 over what was committed since the last time; at the end also the whole state. */
  verify(whole: boolean): Promise<void>;
  /** How much waits where, by name (I8). */
  figures(): Readonly<Record<string, number>>;
  /** Everything off for good. */
  stop(): Promise<void>;
}
