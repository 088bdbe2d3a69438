import type { Reading } from '../reading.ts';
import { reading } from './measured.ts';

/** Readings of three meters as they may come: out of order, some twice, with silences, some of each source. */
export function randomReadings(
  seed: number,
  { fromMs, toMs, count }: { readonly fromMs: number; readonly toMs: number; readonly count: number },
): readonly Reading[] {
  const next = chance(seed);
  const whole = (below: number): number => Math.floor(next() * below);
  const readings: Reading[] = [];
  while (readings.length < count) {
    const atMs = fromMs + whole(toMs - fromMs);
    // Two quiet hours of every seven, so that there are gaps.
    if (Math.floor(atMs / 3_600_000) % 7 < 2) continue;
    const source = (['tele', 'tele', 'tele', 'status', 'event', 'register'] as const)[whole(6)] ?? 'tele';
    const isEnergy = source === 'tele' || source === 'register';
    const one = reading({
      ...{ atMs, atUs: atMs * 1_000 + whole(1_000), source },
      ...{ meterId: String(1 + whole(3)), link: source === 'register' ? 'serial' : 'mqtt' },
      ...(isEnergy ? { energyWh: Math.floor((atMs - fromMs) / 1_000), powerW: whole(4_000) - 500 } : {}),
      ...(source === 'event'
        ? { event: 'relay', relay: 'open' }
        : { balance: BigInt(whole(90_000)) - 1_000n }),
    });
    readings.push(one);
    if (next() < 0.05) readings.push(one);
  }
  return readings;
}

/** A small generator of known quality (mulberry32), so that a seed plays a run again. */
function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
