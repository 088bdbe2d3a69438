import { expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import { ANSWER_TIMEOUT_MS } from './meter-redemptions.ts';
import { createRedemptions, type RedemptionPorts } from './redemptions.ts';

const YEAR_MS = 365 * 24 * 3_600_000;
const VOUCHER = 'ab'.repeat(16);

it.each([-4 * YEAR_MS, 4 * YEAR_MS])(
  'presents a voucher again in its time, though the clock was wrong and is set by %d ms',
  async (byMs) => {
    const clock = createManualClock();
    let presented = 0;
    const ignore = (): void => undefined;
    const redemptions = createRedemptions({
      clock,
      observer: { presented: ignore, reachable: ignore },
      links: {
        present: async () => {
          presented += 1;
          return 'handed-over';
        },
      },
      signal: new AbortController().signal,
      tell: ignore,
    } as unknown as RedemptionPorts);
    redemptions.reachable('1', true, 'mqtt');
    redemptions.deliver('1', { voucherId: VOUCHER, purpose: 'credit', frame: new Uint8Array(72) });
    expect(presented).toBe(1);
    clock.set(clock.nowMs() + byMs);
    await clock.advance(ANSWER_TIMEOUT_MS - 1_000);
    expect(presented).toBe(1);
    await clock.advance(2_000);
    expect(presented).toBe(2);
  },
);
