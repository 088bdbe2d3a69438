import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('fabric.ts', import.meta.url));
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'fabric-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function fabric(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, FABRIC_DIRECTORY: directory, ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('without Fabric’s programs it says which are missing and where they are, and touches nothing', () => {
  const { status, stderr } = fabric(['up'], { FABRIC_BIN: directory });
  expect(status).toBe(3);
  expect(stderr).toMatch(/peer, orderer, configtxgen, cryptogen, osnadmin are not in FABRIC_BIN/);
  expect(stderr).toContain('docs/fabric.md');
  expect(readdirSync(directory)).toEqual([]);
});

test('where no network was made, the status says so and the exit status too', () => {
  const { status, stdout } = fabric(['status', '--json']);
  expect(JSON.parse(stdout)).toEqual({ state: 'absent', nodes: [] });
  expect(status).toBe(4);
});

test('whoever has read enough may go', () => {
  const command = `"${process.execPath}" "${SCRIPT}" status; echo "exit $?" >&2`;
  const { stderr } = spawnSync('bash', ['-c', `{ ${command}; } | true`], {
    env: { ...process.env, FABRIC_DIRECTORY: directory },
    encoding: 'utf8',
  });
  expect(stderr).toBe('exit 4\n');
});

test('a network is never made, nor wiped, among the files of somebody else', () => {
  writeFileSync(path.join(directory, 'letter.txt'), 'mine');
  for (const name of ['peer', 'orderer', 'configtxgen', 'cryptogen', 'osnadmin']) {
    writeFileSync(path.join(directory, name), '', { mode: 0o755 });
  }
  const { status, stderr } = fabric(['up', '--chaincode', SCRIPT], { FABRIC_BIN: directory });
  expect(stderr).toMatch(/name an empty folder/);
  expect(status).toBe(3);
  fabric(['down', '--wipe']);
  expect(readdirSync(directory)).toContain('letter.txt');
});

test('a wrong command line shows how it is used', () => {
  expect(fabric(['upp'])).toMatchObject({ status: 2 });
  expect(fabric(['up', '--orderers', '9'])).toMatchObject({ status: 2 });
  expect(fabric(['status', '--nonsense']).stderr).toContain('Usage: npm run fabric:up');
});
