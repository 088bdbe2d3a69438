import {
  encodeResponse,
  encodeTagMemory,
  encodeVoucherMessage,
  SW,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../edges/manual-clock.ts';
import type { LocalRedemptions } from '../../../requests/local-redeem.ts';
import type { CardAtReader } from '../readers.ts';
import { type CounterStep, createCounter } from './counter.ts';

const VOUCHER = new Uint8Array(72).fill(1);
const SETTLED = { redemptionId: 'v1', meterId: '1', status: 'settled' } as const;
const BUSY_STEP = { redemptionId: 'v1', meterId: '1', status: 'refused', code: 'BUSY' } as const;
const TWO_MINUTES_MS = 120_000;

/** A memory card with this message: its capability pages, then its data, four pages a read. */
function memoryCard(message: Uint8Array): CardAtReader {
  const memory = new Uint8Array(16 + 504);
  memory.set([0xe1, 0x10, 504 / 8, 0], 12);
  memory.set(encodeTagMemory(message), 16);
  return {
    reader: 'counter',
    atr: Uint8Array.from(Buffer.from('3b8f8001804f0ca0000003060300030000000068', 'hex')),
    gone: new AbortController().signal,
    again: () => undefined,
    transmit: async (command) => {
      const at = (command[3] ?? 0) * 4;
      return encodeResponse({ sw: SW.OK, data: memory.slice(at, at + 16) });
    },
  };
}

type Answer = typeof SETTLED | typeof BUSY_STEP | TapwattError;

/** A counter whose redemptions come to these answers one after the other, the last of them for ever. */
function counterOver(answers: readonly Answer[]) {
  const clock = createManualClock();
  const steps: CounterStep[] = [];
  let asked = 0;
  const redeem: LocalRedemptions['redeem'] = async function* () {
    const answer = answers[Math.min(asked++, answers.length - 1)];
    if (answer instanceof TapwattError) throw answer;
    if (answer !== undefined) yield answer;
  };
  const counter = createCounter({ redeem, clock, onStep: (step) => steps.push(step) });
  return {
    ...{ counter, clock, steps },
    asked: () => asked,
    told: () => steps.map(({ status, code }) => (code === undefined ? status : `${status} ${code}`)),
    async show() {
      const vouchers = await counter.serve(memoryCard(encodeVoucherMessage([VOUCHER])));
      await new Promise((resolve) => setImmediate(resolve));
      return vouchers;
    },
  };
}

describe('a voucher at the counter', () => {
  it('is pending while the issuer or the queue is away for a moment, and is then taken', async () => {
    const away = new TapwattError('ISSUER_UNAVAILABLE');
    const at = counterOver([away, away, new TapwattError('BUSY'), BUSY_STEP, SETTLED]);
    expect(await at.show()).toBe(1);
    await at.clock.advance(30_000);
    expect(at.told()).toEqual(['pending ISSUER_UNAVAILABLE', 'pending BUSY', 'settled']);
    await at.clock.advance(TWO_MINUTES_MS);
    expect(at.asked()).toBe(5);
  });

  it('is asked for ever more rarely, and refused when that lasts for two minutes', async () => {
    const at = counterOver([new TapwattError('ISSUER_UNAVAILABLE')]);
    await at.show();
    await at.clock.advance(TWO_MINUTES_MS - 1);
    expect(at.told()).toEqual(['pending ISSUER_UNAVAILABLE']);
    await at.clock.advance(TWO_MINUTES_MS);
    expect(at.told()).toEqual(['pending ISSUER_UNAVAILABLE', 'refused ISSUER_UNAVAILABLE']);
    expect(at.asked()).toBeLessThan(20);
    await at.show();
    expect(at.told().at(-1)).toBe('pending ISSUER_UNAVAILABLE');
    await at.counter.close();
  });

  it('that is shown again while it is pending is not asked for twice', async () => {
    const at = counterOver([new TapwattError('ISSUER_UNAVAILABLE'), SETTLED]);
    await at.show();
    await at.show();
    await at.clock.advance(5_000);
    expect(at.told()).toEqual(['pending ISSUER_UNAVAILABLE', 'settled']);
  });

  it('is refused at once for what does not pass', async () => {
    const at = counterOver([new TapwattError('BAD_MAC')]);
    await at.show();
    await at.clock.advance(TWO_MINUTES_MS);
    expect([at.told(), at.asked()]).toEqual([['refused BAD_MAC'], 1]);
  });

  it('is followed no more when the gateway stops', async () => {
    const at = counterOver([new TapwattError('ISSUER_UNAVAILABLE')]);
    await at.show();
    await at.counter.close();
    expect(at.told()).toEqual(['pending ISSUER_UNAVAILABLE']);
  });
});
