import { STATE_BIT, type StatusFields } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import type { Issuer } from '../issuer/issuer.ts';
import { createClockKeeper, MAX_DRIFT_S, MIN_INTERVAL_MS } from './clock-keeper.ts';

function town() {
  const clock = createManualClock();
  const told: string[] = [];
  const issuer = {
    async timeOrder({ meterId }: { meterId: string }) {
      told.push(meterId);
      return new Uint8Array(28);
    },
  } as unknown as Issuer;
  const keep = createClockKeeper({ issuer, clock, send: async () => undefined });
  const nowS = () => Math.floor(clock.nowMs() / 1000);
  const status = (of: Partial<StatusFields>) =>
    keep({ meterId: 7n, keyEpoch: 1, stateBits: 0, meterTime: nowS(), ...of } as StatusFields);
  return { clock, told, status, nowS };
}

describe('the clock keeper', () => {
  it('leaves a clock alone that is right and trusted', () => {
    const { told, status, nowS } = town();
    status({});
    status({ meterTime: nowS() - MAX_DRIFT_S });
    expect(told).toEqual([]);
  });

  it('sets a clock that is off, in both directions, or that the meter does not trust', () => {
    for (const of of [
      { meterTime: 0 },
      { meterTime: 4_000_000_000 },
      { stateBits: STATE_BIT.CLOCK_UNTRUSTED },
    ]) {
      const { told, status } = town();
      status(of);
      expect(told).toEqual(['7']);
    }
  });

  it('does not tell one meter again and again', async () => {
    const { clock, told, status } = town();
    for (let n = 0; n < 5; n += 1) status({ meterTime: 0 });
    expect(told).toHaveLength(1);
    await clock.advance(MIN_INTERVAL_MS);
    status({ meterTime: 0 });
    expect(told).toHaveLength(2);
  });

  it('has no order for a meter that is locked', () => {
    const { told, status } = town();
    status({ keyEpoch: 0, meterTime: 0 });
    expect(told).toEqual([]);
  });
});
