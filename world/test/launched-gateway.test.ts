import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../src/gateway-process.ts';
import { until } from './until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const START = fileURLToPath(new URL('../bin/tapwatt-start.js', import.meta.url));
const PROCESSES = fileURLToPath(new URL('../src/gateway-process.ts', import.meta.url));

let directory: string;
let dataDirectory: string;
let logFile: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  dataDirectory = join(directory, 'data');
  logFile = join(directory, 'gateway.log');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const stopped = async () => (await readFile(logFile, 'utf8')).includes('the gateway has stopped');
const anyPorts = { mqttPort: 0, httpPort: 0 };

test('a Ctrl-C that a terminal, npm and a launcher pass on is one', async () => {
  const gateway: GatewayProcess = await startGatewayProcess({ dataDirectory, logFile, ...anyPorts });
  for (const signal of ['SIGINT', 'SIGINT', 'SIGTERM'] as const) process.kill(gateway.pid, signal);
  expect(await gateway.ended).toBe(0);
  expect(await stopped()).toBe(true);
});

test('a gateway stops when the process that launched it is killed', async () => {
  const options = JSON.stringify({ dataDirectory, logFile, ...anyPorts });
  const script = `
    const { startGatewayProcess } = await import(${JSON.stringify(PROCESSES)});
    console.log((await startGatewayProcess(${options})).pid);`;
  const launcher = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [pid] = await once(createInterface(launcher.stdout), 'line');
  launcher.kill('SIGKILL');
  await until('the gateway to stop', async () => (await stopped()) || undefined);
  await until('the end of its process', () => isGone(Number(pid)) || undefined);
});

test('`npm start` takes its ports from the environment as the gateway does', async () => {
  const env = { ...process.env, TAPWATT_HTTP_PORT: '70000' };
  const start = spawn(process.execPath, [START], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const [said, [code]] = await Promise.all([text(start.stderr), once(start, 'exit')]);
  expect([code, said]).toEqual([2, expect.stringContaining('--port: a whole number from 0 to 65535.')]);
});

test('`npm start` ends with its gateway when only npm is asked to stop', async () => {
  const words = ['start', '--', '--port', '0', '--mqtt-port', '0', '--data', dataDirectory];
  const npm = spawn('npm', words, { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  npm.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const ended = once(npm, 'close');
  await until('the simulator', async () => said.includes('Connecting') || undefined);
  npm.kill('SIGTERM');
  // The end of its last process closes what they all write to.
  await ended;
  expect(await readFile(join(dataDirectory, 'gateway.log'), 'utf8')).toContain('the gateway has stopped');
});

function isGone(pid: number): boolean {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
}
