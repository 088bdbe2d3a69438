import { afterEach, describe, expect, it } from 'vitest';
import { type Crew, hireCrew } from './crew.ts';

const SHORT = { ledger: 'embedded', only: [], troubledMs: 5_000 } as const;
const SLOW_MS = 180_000;

let crew: Crew | undefined;
afterEach(() => crew?.close());

describe('a crew', { timeout: SLOW_MS }, () => {
  it.each([1, 2])('of %i runs a seed again in another process than the first time', async (size) => {
    const hired = hireCrew(size);
    crew = hired;
    const pids = await Promise.all(
      Array.from({ length: size + 1 }, async (_, index) => {
        const request = { seed: index + 1, ...SHORT };
        const first = await hired.run(request);
        const second = await hired.run(request, first);
        expect([first.violations, second.hash]).toEqual([[], first.hash]);
        return [first.pid, second.pid] as const;
      }),
    );
    for (const [first, second] of pids) expect(second).not.toBe(first);
    expect(new Set(pids.flat()).size).toBe(2);
  });
});
