import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { REGRESSIONS } from '../src/sim/regressions.ts';
import { commandOf } from '../src/sim/run/command.ts';

/** `npm run world --`, as the program's own arguments follow it. */
const COMMAND_WORDS = 4;
const WORLD = fileURLToPath(new URL('../bin/tapwatt-world.js', import.meta.url));
const MINUTES = process.env.WORLD_MINUTES ?? '1.5';
/** Every run tries other seeds; the last line of a failed one says how to have its world again. */
const BASE_SEED = process.env.WORLD_SEED ?? String(Math.floor(Math.random() * 2 ** 31));

const world = (...args: readonly string[]): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [WORLD, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), said: `${stderr}${stdout}` });
    });
  });

describe('the whole system under a seeded clock', () => {
  it(`breaks no rule in ${MINUTES} minutes of seeds (WORLD_SEED=${BASE_SEED})`, async () => {
    const { code, said } = await world('--minutes', MINUTES, '--base-seed', BASE_SEED, '--twice', '4');
    process.stderr.write(said);
    expect(code, said).toBe(0);
  });

  it.each(REGRESSIONS)('is right where it once was not: $about', async (regression) => {
    const args = commandOf(regression.world).split(' ').slice(COMMAND_WORDS);
    const { code, said } = await world(...args);
    expect(code, said).toBe(0);
  });

  it('sees every planted bug within 200 seeds', async () => {
    const { code, said } = await world('--mutations');
    process.stderr.write(said);
    expect(code, said).toBe(0);
  });
});
