import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from './until.ts';

const EMPTY_LEDGER = fileURLToPath(new URL('../../scripts/empty-fabric-ledger.ts', import.meta.url));
const START = fileURLToPath(new URL('../bin/tapwatt-start.js', import.meta.url));
const DEADLINE_MS = 120_000;
const SETTLED = 5;

let directory: string;
let network: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  network = join(directory, 'network.json');
  await writeFile(network, execFileSync(process.execPath, [EMPTY_LEDGER]));
}, DEADLINE_MS);
afterAll(() => rm(directory, { recursive: true, force: true }));

it('`npm start` with a Fabric ledger shows vouchers bought, on their meters and settled', async () => {
  const options = { data: join(directory, 'data'), port: 0, 'mqtt-port': 0, 'interval-ms': 300 };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const start = spawn(process.execPath, [START, ...args], {
    env: { ...process.env, TAPWATT_LEDGER_KIND: 'fabric', TAPWATT_LEDGER_FABRIC_NETWORK: network },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let shown = '';
  const take = (chunk: Buffer): void => {
    shown += chunk.toString();
  };
  start.stdout.on('data', take);
  start.stderr.on('data', take);
  const ended = once(start, 'exit');
  const settled = () => (shown.match(/settled/g)?.length ?? 0) >= SETTLED || undefined;
  await until('vouchers to settle', settled, DEADLINE_MS).catch((error: Error) => {
    throw new Error(`${error.message}\n${shown}`);
  });
  start.kill('SIGINT');
  expect((await ended)[0]).toBe(0);
});
