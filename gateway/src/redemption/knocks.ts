import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openFrames } from './open-frames.ts';
import type { Redemptions } from './redemptions.ts';

/** Sweeps between two knocks at a meter that does not answer: 1, 2, 4 … up to so many. */
const MAX_GAP = 16;
/** Meters whose silence is remembered; at the bound all are forgotten, and knocked at again. */
const MAX_SILENT = 100_000;

export interface KnockPorts {
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly issuer: Issuer;
  readonly redemptions: Pick<Redemptions, 'knock'>;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown, doing: string) => void;
}

/**
 * Presents one frame to meters of which nobody can say whether they are there: an external broker does not tell, and a
 * meter that is connected may have nothing to say for hours. Its answer shows that it is there, and the rest follows.
 */
export interface Knocks {
  /** A new sweep begins. */
  next(): void;
  /** Knocks at those of them that are due, one after another. */
  at(meterIds: readonly string[]): Promise<void>;
}

export function createKnocks(ports: KnockPorts): Knocks {
  const silent = new Map<string, { readonly gap: number; readonly dueAt: number }>();
  let sweeps = 0;

  async function knock(meterId: string): Promise<void> {
    for await (const { voucherId, frame } of openFrames(ports, meterId)) {
      if ((await ports.redemptions.knock(meterId, { voucherId, frame })) === 'handed-over') later(meterId);
      return;
    }
  }

  /** What did not leave this house says nothing of the meter. */
  function later(meterId: string): void {
    const gap = Math.min(MAX_GAP, 2 * (silent.get(meterId)?.gap ?? 0.5));
    if (silent.size >= MAX_SILENT) silent.clear();
    silent.set(meterId, { gap, dueAt: sweeps + gap });
  }

  /** One that was heard of since, and is silent again, is knocked at as often as a new one. */
  function isDue(meterId: string): boolean {
    const { dueAt, gap } = silent.get(meterId) ?? { dueAt: 0, gap: 0 };
    if (sweeps > dueAt + gap) silent.delete(meterId);
    return sweeps >= dueAt;
  }

  return {
    next() {
      sweeps += 1;
    },
    async at(meterIds) {
      for (const meterId of meterIds) {
        if (ports.signal.aborted) return;
        if (!isDue(meterId)) continue;
        await knock(meterId).catch((error) => ports.onError(error, `knock at meter ${meterId}`));
      }
    },
  };
}
