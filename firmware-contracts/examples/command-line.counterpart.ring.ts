import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PYTHON } from './python.ts';

const TAPWATT = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));
const FUZZ = fileURLToPath(new URL('./python/fuzz_frames.py', import.meta.url));
const DEADLINE_MS = 120_000;
const SEED = process.env.FUZZ_SEED ?? String(process.pid);
const EXIT_REFUSED = 5;

let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tapwatt-fuzz-'));
  await promisify(execFile)(PYTHON, [FUZZ, '--out', folder, '--seed', SEED, '--count', '3000'], {
    timeout: DEADLINE_MS,
  });
}, DEADLINE_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function linesOf(name: string): Promise<string[]> {
  return (await readFile(path.join(folder, name), 'utf8')).trimEnd().split('\n');
}

/** What `tapwatt ARGS` prints when it is given this file, and how it ends. */
async function tapwatt(
  args: readonly string[],
  inputFile: string,
): Promise<{ lines: string[]; code: number | null }> {
  const child: ChildProcess = spawn(
    process.execPath,
    [TAPWATT, ...args, '--master-file', path.join(folder, 'master.hex')],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      timeout: DEADLINE_MS,
    },
  );
  if (child.stdin !== null) createReadStream(path.join(folder, inputFile)).pipe(child.stdin);
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { lines: text.trimEnd().split('\n'), code };
}

describe(`of random frames, whole and damaged (FUZZ_SEED=${SEED}), both implementations say the same:`, () => {
  test.each([
    ['mixed', []],
    ['ack', ['--type', 'ack']],
    ['time', ['--type', 'time']],
  ] as const)('decoding %s', async (name, type) => {
    const expected = await linesOf(`${name}.decoded`);
    const frames = await linesOf(`${name}.frames`);
    const { lines, code } = await tapwatt(['frame', 'decode', '-', ...type], `${name}.frames`);
    expect(lines).toHaveLength(expected.length);
    const differences = lines.flatMap((line, n) => {
      const theirs: unknown = JSON.parse(expected[n] ?? '');
      const ours: unknown = JSON.parse(line);
      return isSame(ours, theirs) ? [] : [{ frame: frames[n], ours, theirs }];
    });
    expect(differences.slice(0, 3)).toEqual([]);
    expect(code).toBe(EXIT_REFUSED);
  });

  test.each(['mixed', 'ack', 'time'])('sealing %s', async (name) => {
    const { lines, code } = await tapwatt(['frame', 'seal'], `${name}.seal`);
    const expected = await linesOf(`${name}.sealed`);
    expect(lines.filter((line, n) => line !== expected[n]).slice(0, 3)).toEqual([]);
    expect(lines).toHaveLength(expected.length);
    expect(code).toBe(0);
  });
});

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, sorted(inner)]);
  return entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
}
