import type { MeterSummary } from '@tapwatt/chaincode';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createPresenter } from './presenter.ts';
import type { Redemptions } from './redemptions.ts';

const LIMITS = { intervalMs: 1_000, pageSize: 10, maxInFlight: 10 };

/** A presenter over meter 1 with open vouchers, which is away as far as the redemptions know. */
function presenterOf({ isListening }: { isListening: boolean }) {
  const reachable = new Set<string>();
  const clock = createManualClock();
  const presenter = createPresenter(
    {
      ledger: {
        evaluate: async (name: string) =>
          name === 'MetersWithOpen'
            ? { meters: [{ meterId: '1', open: [] } as unknown as MeterSummary] }
            : null,
      } as unknown as Ledger,
      issuer: {} as Issuer,
      redemptions: {
        isReachable: (meterId: string) => reachable.has(meterId),
        reachable: (meterId: string) => void reachable.add(meterId),
        waiting: () => new Set(),
        inFlight: 0,
      } as unknown as Redemptions,
      catchUp: async () => undefined,
      isListening: () => isListening,
      clock,
      signal: new AbortController().signal,
      onError: () => undefined,
    },
    LIMITS,
  );
  return { presenter, reachable, clock };
}

describe('the sweep', () => {
  it('tries again a meter that did not answer for a while, though it is connected and says nothing', async () => {
    const { presenter, reachable } = presenterOf({ isListening: true });
    expect(await presenter.sweep()).toBe(1);
    expect([...reachable]).toEqual(['1']);
  });

  it('leaves a meter alone that is not connected', async () => {
    const { presenter, reachable } = presenterOf({ isListening: false });
    expect(await presenter.sweep()).toBe(0);
    expect([...reachable]).toEqual([]);
  });

  it('is made at the start, for a meter that stayed connected in silence, and again after the interval', async () => {
    const { presenter, reachable, clock } = presenterOf({ isListening: true });
    presenter.start();
    await clock.advance(0);
    expect([...reachable]).toEqual(['1']);
    reachable.clear();
    await clock.advance(LIMITS.intervalMs - 1);
    expect([...reachable]).toEqual([]);
    await clock.advance(1);
    expect([...reachable]).toEqual(['1']);
  });
});
