import type { Clock } from '../edges/edges.ts';

/** Why a reading was not kept. */
export type LossReason =
  /** It breaks the contract. */
  | 'malformed'
  /** Its meter sent more than any meter measures. */
  | 'tooMany'
  /** Older than what is kept. */
  | 'tooOld'
  /** No room in memory while the disk took nothing. */
  | 'noMemory'
  /** No room in the queue on disk: the oldest had to go. */
  | 'queueFull'
  /** Bytes of the queue were damaged. */
  | 'damaged'
  /** The database takes it in no form. */
  | 'refused';

export interface Losses {
  /** `why`: in the words of whoever refused them. */
  lose(reason: LossReason, count: number, why?: string): void;
  /** Since the start, those that there were. */
  figures(): Readonly<Record<string, number>>;
}

const SAY_EVERY_MS = 60_000;

/** Counts what was not kept, and says so: at once the first time, then in sums, so that a flood does not flood the log. */
export function createLosses(
  clock: Clock,
  say: (lost: Readonly<Record<string, number>>, why: string | undefined) => void,
): Losses {
  const counts = new Map<LossReason, number>();
  const unsaid = new Map<LossReason, number>();
  let unsaidWhy: string | undefined;
  let isQuiet = false;

  function sayIt(): void {
    if (unsaid.size === 0) return;
    say(Object.fromEntries(unsaid), unsaidWhy);
    unsaid.clear();
    unsaidWhy = undefined;
    isQuiet = true;
    clock.after(SAY_EVERY_MS, () => {
      isQuiet = false;
      sayIt();
    });
  }

  return {
    lose(reason, count, why) {
      if (count === 0) return;
      counts.set(reason, (counts.get(reason) ?? 0) + count);
      unsaid.set(reason, (unsaid.get(reason) ?? 0) + count);
      unsaidWhy = why ?? unsaidWhy;
      if (!isQuiet) sayIt();
    },
    figures: () =>
      Object.fromEntries([...counts].map(([reason, count]) => [`lost.${reason}`, count] as const)),
  };
}
