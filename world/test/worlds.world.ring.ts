import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REGRESSIONS } from '../src/sim/regressions.ts';
import { commandOf } from '../src/sim/run/command.ts';
import { type Crew, hireCrew } from '../src/sim/run/crew.ts';

const WORLD = fileURLToPath(new URL('../bin/tapwatt-world.js', import.meta.url));
/** At most so long for fresh seeds, of what planted bugs and old failures leave of the ring's time. */
const MINUTES = Number(process.env.WORLD_MINUTES ?? 1.5);
/** Every run tries other seeds; the last line of a failed one says how to have its world again. */
const BASE_SEED = process.env.WORLD_SEED ?? String(Math.floor(Math.random() * 2 ** 31));

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** The whole ring takes no longer: it is a part of continuous integration of five minutes. */
const BUDGET_MS = 285 * SECOND_MS;
/** Worlds that have begun when their time is up are run to their end. */
const LAST_WORLDS_MS = 20 * SECOND_MS;
/** For fresh seeds, whatever the hunt of planted bugs would take. */
const LEAST_FRESH_MS = 15 * SECOND_MS;

const beganMs = performance.now();
const leftMs = (): number => beganMs + BUDGET_MS - performance.now();

const world = (...args: readonly string[]): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [WORLD, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), said: `${stderr}${stdout}` });
    });
  });

const minutesIn = (ms: number): string => (ms / MINUTE_MS).toFixed(2);

describe('the whole system under a seeded clock', () => {
  describe('where it once was wrong', () => {
    let crew: Crew;
    beforeAll(() => {
      crew = hireCrew(availableParallelism());
    });
    afterAll(() => crew.close());

    it.concurrent.each(REGRESSIONS)('is right: $about', async (regression) => {
      const { violations } = await crew.run(regression.world);
      expect(violations, `${commandOf(regression.world)} --trace`).toEqual([]);
    });
  });

  it('sees every planted bug within 200 seeds', async () => {
    const { code, said } = await world(
      '--mutations',
      '--minutes',
      minutesIn(leftMs() - LEAST_FRESH_MS - LAST_WORLDS_MS),
    );
    process.stderr.write(said);
    expect(code, said).toBe(0);
  });

  it(`breaks no rule in ${MINUTES} minutes of fresh seeds, or what is left (WORLD_SEED=${BASE_SEED})`, async () => {
    const freshMs = Math.max(LEAST_FRESH_MS, Math.min(MINUTES * MINUTE_MS, leftMs() - LAST_WORLDS_MS));
    const fresh = ['--minutes', minutesIn(freshMs), '--base-seed', BASE_SEED, '--twice', '4'];
    const { code, said } = await world(...fresh);
    process.stderr.write(said);
    expect(code, said).toBe(0);
  });
});
