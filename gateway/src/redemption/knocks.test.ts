import { describe, expect, it } from 'vitest';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createKnocks } from './knocks.ts';

const OPEN = { voucherId: 'aa', meterId: '1', status: 'ISSUED' };

/** Knocks at meter 1, which has two open vouchers; tells in which sweeps a frame left. */
function knocksOf(handover: 'handed-over' | 'away') {
  const knockedIn: number[] = [];
  let sweeps = 0;
  const knocks = createKnocks({
    ledger: {
      evaluate: async (name: string) =>
        name === 'GetMeter' ? { meterId: '1', open: [{}, {}] } : [OPEN, { ...OPEN, voucherId: 'bb' }],
    } as unknown as Ledger,
    issuer: { sealVoucher: async () => Uint8Array.of(1, 1) } as unknown as Issuer,
    redemptions: {
      async knock(_meterId, { voucherId }) {
        if (voucherId === 'aa') knockedIn.push(sweeps);
        return handover;
      },
    },
    signal: new AbortController().signal,
    onError: (error) => expect(error).toBeUndefined(),
  });
  const sweep = async (meterIds: readonly string[]) => {
    sweeps += 1;
    knocks.next();
    await knocks.at(meterIds);
  };
  return { knockedIn, sweep };
}

describe('a meter of which nobody can say whether it is there', () => {
  it('is knocked at by one frame, at longer and longer intervals', async () => {
    const { knockedIn, sweep } = knocksOf('handed-over');
    for (let count = 0; count < 64; count += 1) await sweep(['1']);
    expect(knockedIn).toEqual([1, 2, 4, 8, 16, 32, 48, 64]);
  });

  it('is knocked at by every sweep while nothing leaves this house', async () => {
    const { knockedIn, sweep } = knocksOf('away');
    for (let count = 0; count < 4; count += 1) await sweep(['1']);
    expect(knockedIn).toEqual([1, 2, 3, 4]);
  });

  it('is as a new one when it was heard of in between', async () => {
    const { knockedIn, sweep } = knocksOf('handed-over');
    for (let count = 0; count < 16; count += 1) await sweep(['1']);
    for (let count = 0; count < 40; count += 1) await sweep([]);
    await sweep(['1']);
    await sweep(['1']);
    expect(knockedIn.slice(-2)).toEqual([57, 58]);
  });
});
