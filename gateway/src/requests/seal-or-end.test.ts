import { TapwattError } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import type { DeskPorts } from './ports.ts';
import { sealOrEnd } from './seal-or-end.ts';

const frame = new Uint8Array(72);
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An issuer that looks at a peer which is behind, for so many questions. */
function behind(questions: number, code: 'VOUCHER_UNKNOWN' | 'VOUCHER_STATE') {
  const clock = createManualClock();
  let asked = 0;
  const seal = async () => {
    asked += 1;
    if (asked <= questions) throw new TapwattError(code);
    return frame;
  };
  const ports = {
    issuer: { sealVoucher: seal, sealVoid: seal },
    voucherOnLedger: async () => ({ voucherId: 'v', status: 'ISSUED' }),
    ...{ clock, signal: new AbortController().signal },
  } as unknown as DeskPorts;
  return { ports, clock };
}

describe('the seal of what is committed', () => {
  it.each([
    ['credit', 'VOUCHER_UNKNOWN'],
    ['void', 'VOUCHER_STATE'],
  ] as const)('(%s) is asked for again while the issuer’s peer is behind', async (asks, code) => {
    const { ports, clock } = behind(3, code);
    const sealed = sealOrEnd(ports, 'v', asks);
    await turn();
    await clock.advance(150);
    expect(await sealed).toEqual({ frame });
  });

  it('is a ledger away, and no refusal, when the issuer does not come to see it', async () => {
    const { ports, clock } = behind(Number.POSITIVE_INFINITY, 'VOUCHER_UNKNOWN');
    const sealed = sealOrEnd(ports, 'v', 'credit').catch((error: unknown) => error);
    await turn();
    await clock.advance(10_000);
    expect(await sealed).toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  });
});
