import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';

const run = promisify(execFile);
const MODEL = fileURLToPath(new URL('../spin/redemption.pml', import.meta.url));
const MINUTE_MS = 60_000;
const MEMORY_MB = 2_048;

beforeAll(async () => {
  for (const [tool, version] of [
    ['spin', '-V'],
    ['gcc', '--version'],
  ] as const) {
    await run(tool, [version]).catch((cause: unknown) => {
      const why = `${tool} does not run here; it is a package of Debian (apt install spin gcc)`;
      throw new Error(`NOT RUN: the second opinion of SPIN: ${why}`, { cause });
    });
  }
});

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tapwatt-spin-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A command in this test's folder; what it prints. */
const inFolder = async (command: string, args: readonly string[]): Promise<string> =>
  (await run(command, args, { cwd: folder, timeout: 15 * MINUTE_MS, maxBuffer: 2 ** 26 })).stdout;

/** SPIN's verifier of the model with these defines, and what it prints. */
async function verify(defines: readonly string[], search: readonly string[]): Promise<string> {
  await inFolder('spin', ['-a', ...defines, MODEL]);
  // Not optimized: that takes longer than all that it saves.
  await inFolder('gcc', ['-DSAFETY', `-DMEMLIM=${MEMORY_MB}`, ...search, '-o', 'pan', 'pan.c']);
  return inFolder('./pan', ['-E', '-m1000000']);
}

/** The steps of the trail that the verifier left, one line each. */
async function trail(defines: readonly string[]): Promise<readonly string[]> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.trail'));
  if (file === undefined) return [];
  const told = await inFolder('spin', ['-t', '-k', file, '-B', ...defines, MODEL]);
  return told
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(voucher|the|and its|order|F of|V of|C of) /.test(line));
}

const statesIn = (report: string): number => Number(/(\d+) states, stored/.exec(report)?.[1] ?? 0);

test.each([
  ['three vouchers, two epochs', []],
  ['one voucher, three epochs, the ledger once restored', ['-DRESTORE', '-DVOUCHERS=1']],
] as const)(
  'SPIN finds nothing wrong within %s, cancel, release, power cuts, a window of two',
  async (within, defines) => {
    const report = await verify(defines, []);
    expect(report).toContain('errors: 0');
    // Cut off for want of memory or depth it would have proved nothing.
    expect(report).not.toMatch(/max search depth too small|Search not completed/);
    expect(statesIn(report)).toBeGreaterThan(10_000);
    console.log(`${within}: ${statesIn(report)} states`);
  },
);

test.each([
  ['CREDIT_THEN_MARK'],
  ['MARK_THEN_CREDIT'],
  ['F_BEFORE_COMMIT'],
  ['VOID_WITHOUT_MARK'],
  ['REFUND_AT_CANCEL'],
  ['REFUND_WITHOUT_OPENING'],
  ['RELEASE_IS_VOID'],
  ['FLOOR_TOO_EARLY'],
  ['FLOOR_OVER_OPEN'],
  ['EPOCH_END_REFUNDS'],
  ['BAD_EPOCH_FIRST'],
  ['WINDOW_TRUSTED_TOO_LONG'],
  ['REUSE_AFTER_RESTORE', '-DRESTORE', '-DVOUCHERS=2'],
  ['REGISTER_NOT_READ', '-DRESTORE', '-DVOUCHERS=1'],
])('SPIN finds the bug %s, by a shortest trail', async (bug, ...more) => {
  const defines = [`-DBUG_${bug}`, ...more];
  const report = await verify(defines, ['-DBFS']);
  expect(report).toContain('errors: 1');
  const steps = await trail(defines);
  expect(steps.length).toBeGreaterThan(0);
  console.log(`${bug}:\n${steps.map((step, index) => `  ${index + 1}. ${step}`).join('\n')}`);
});
