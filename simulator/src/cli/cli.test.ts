import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fleetOf } from '../../test/fleet-of.ts';
import { type HandGateway, startHandGateway } from '../../test/hand-gateway.ts';

const BIN = fileURLToPath(new URL('../../bin/tapwatt-sim.js', import.meta.url));

let directory = '';
let hand: HandGateway;
const children: ChildProcess[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tapwatt-sim-'));
  hand = await startHandGateway();
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await hand.close();
  rmSync(directory, { recursive: true });
});

const fleetFile = (meters: number): string => {
  const path = join(directory, 'fleet.json');
  writeFileSync(path, JSON.stringify(fleetOf(hand.port, meters)), { mode: 0o600 });
  return path;
};

const sim = (...args: readonly string[]) => {
  const child = spawn(process.execPath, [BIN, 'run', '--state', join(directory, 'state'), ...args]);
  children.push(child);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = once(child, 'close').then(([code]) => ({ code: code as number, stderr }));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, exited, line: async () => JSON.parse((await lines.next()).value ?? 'null') };
};

describe('tapwatt-sim', () => {
  it('connects, lives, and stops at Ctrl-C with exit code 0', async () => {
    const { child, exited, line } = sim('--fleet', fleetFile(2), '--json', '--no-buy');
    expect(await line()).toMatchObject({ type: 'started', meters: 2, handsets: 1, resumed: 0 });
    child.kill('SIGINT');
    expect((await exited).code).toBe(0);
  });

  it('resumes, after a kill, the purchase that nobody answered', async () => {
    const args = ['--fleet', fleetFile(1), '--json', '--interval-ms', '60000'];
    const first = sim(...args);
    const asked = await hand.next(({ topic }) => topic.endsWith('/up/req'));
    first.child.kill('SIGKILL');
    await first.exited;
    const second = sim(...args, '--no-buy');
    expect(await hand.next(({ topic }) => topic.endsWith('/up/req'))).toEqual(asked);
    expect(await second.line()).toMatchObject({ type: 'started', resumed: 1 });
  });

  it('says what to do when the fleet is smaller than asked for', async () => {
    const { exited } = sim('--fleet', fleetFile(2), '--meters', '3');
    const { code, stderr } = await exited;
    expect(code).toBe(3);
    expect(stderr).toContain('has 2. Register more');
  });

  it('says so when nobody answers, and when another simulator holds the state', async () => {
    const path = fleetFile(1);
    const holder = sim('--fleet', path, '--json', '--no-buy');
    await holder.line();
    const second = await sim('--fleet', path).exited;
    expect(second).toMatchObject({ code: 1, stderr: expect.stringContaining('DATA_LOCKED') });
    holder.child.kill('SIGTERM');
    await holder.exited;
    hand.refuse('h-h1');
    const third = await sim('--fleet', path, '--wait-ms', '400').exited;
    expect(third).toMatchObject({ code: 4, stderr: expect.stringContaining('1 of 2 devices') });
  });

  it('shows a wrong option with exit code 2', async () => {
    const { code, stderr } = await sim('--meters', 'many').exited;
    expect(code).toBe(2);
    expect(stderr).toContain('A whole number from 1');
  });
});
