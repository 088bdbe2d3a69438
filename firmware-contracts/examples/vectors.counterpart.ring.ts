import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { PYTHON } from './python.ts';

const DEADLINE_MS = 120_000;

test('a second implementation, written from the contract alone, agrees with every vector to the byte', async () => {
  const script = fileURLToPath(new URL('./python/verify_vectors.py', import.meta.url));
  const { stdout } = await promisify(execFile)(PYTHON, [script], { timeout: DEADLINE_MS });
  const last = stdout.trimEnd().split('\n').at(-1) ?? '';
  expect(last).toMatch(/^\d+ passed, 0 failed$/);
  expect(Number.parseInt(last, 10)).toBeGreaterThanOrEqual(80);
});
