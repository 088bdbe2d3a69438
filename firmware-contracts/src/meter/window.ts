import type { VoucherId } from '../ids.ts';

/** How many sequence numbers a meter remembers of an epoch. */
export const WINDOW_SIZE = 64;

/** What a meter remembers of an epoch's sequence numbers (WIRE.md "What a meter keeps"). */
export interface MeterWindow {
  /** The highest seq taken; 0 = none. */
  readonly hi: number;
  /** Bit i: seq hi − i was applied or voided. */
  readonly used: bigint;
  /** The same bit: it was voided. */
  readonly voided: bigint;
  /** At seq % 64 the first 8 bytes, 16 hex digits, of the voucherId that took that seq. */
  readonly tags: readonly (string | undefined)[];
  /** Every seq below it is resolved on the ledger. */
  readonly floorSeq: number;
}

/** What became of a seq that was taken, and by whom. */
export interface TakenSeq {
  readonly tag: string | undefined;
  readonly voided: boolean;
}

/** The first 8 bytes of a voucherId: how the window remembers it. */
export const tagOf = (voucherId: VoucherId): string => voucherId.slice(0, 16);

/** The window that an epoch starts with. */
export const emptyWindow = (): MeterWindow => ({
  hi: 0,
  used: 0n,
  voided: 0n,
  tags: new Array<string | undefined>(WINDOW_SIZE).fill(undefined),
  floorSeq: 1,
});

/** What took this seq; undefined when its bit is not set, which it can only be for seq <= hi < seq + 64. */
export const takenAt = (window: MeterWindow, seq: number): TakenSeq | undefined => {
  if (seq > window.hi || window.hi >= seq + WINDOW_SIZE) return undefined;
  const bit = 1n << BigInt(window.hi - seq);
  if ((window.used & bit) === 0n) return undefined;
  return { tag: window.tags[seq % WINDOW_SIZE], voided: (window.voided & bit) !== 0n };
};

/** The window after a seq inside it, or ahead of it, was taken. */
export const takeSeq = (
  window: MeterWindow,
  taken: { readonly seq: number; readonly voucherId: VoucherId; readonly voided: boolean },
): MeterWindow => {
  const moved = moveTo(window, Math.max(window.hi, taken.seq));
  const bit = 1n << BigInt(moved.hi - taken.seq);
  return {
    ...moved,
    used: moved.used | bit,
    voided: taken.voided ? moved.voided | bit : moved.voided,
    tags: moved.tags.with(taken.seq % WINDOW_SIZE, tagOf(taken.voucherId)),
  };
};

/** Seqs that leave the window are forgotten, tags included, so that one history has one record. */
const moveTo = (window: MeterWindow, hi: number): MeterWindow => {
  const shift = hi - window.hi;
  if (shift === 0) return window;
  const places = BigInt(Math.min(shift, WINDOW_SIZE));
  const tags = [...window.tags];
  for (let seq = Math.max(window.hi, hi - WINDOW_SIZE) + 1; seq <= hi; seq++)
    tags[seq % WINDOW_SIZE] = undefined;
  return {
    ...window,
    hi,
    used: BigInt.asUintN(WINDOW_SIZE, window.used << places),
    voided: BigInt.asUintN(WINDOW_SIZE, window.voided << places),
    tags,
  };
};
