import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { openTown, type Town } from './town.ts';
import { until } from './until.ts';

const BIN = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));
const START_MS = 60_000;
/** A meter that tells more often is sent away. */
const TELL_EVERY_MS = 500;

interface Frame {
  readonly link: string;
  readonly on: string;
  readonly frame?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

it('shows a redemption frame by frame while it goes, and no byte that could be used', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tapwatt-trace-'));
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const town: Town = await openTown({ directory, meters: 1 });
  undo.push(() => town.close());
  const [handset, meter] = [await town.handset(), await town.meter()];
  const args = ['trace', '--meter', meter.meterId, '--json', '--data', town.config.dataDirectory];
  const tracer = spawn(process.execPath, [BIN, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(tracer, 'close');
  undo.push(async () => void tracer.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface(tracer.stdout).on('line', (line) => lines.push(line));
  const frames = (): readonly Frame[] => lines.map((line) => JSON.parse(line) as Frame);
  let toldMs = 0;
  const tell = (): void => {
    if (Date.now() - toldMs < TELL_EVERY_MS) return;
    toldMs = Date.now();
    meter.device.read();
  };

  const isSeen = (): true | undefined => {
    tell();
    return frames().length > 0 || undefined;
  };
  await until('the trace to see the meter', isSeen, START_MS);
  const { voucher, voucherId } = await handset.buy(meter.meterId);
  await handset.askUntil({ op: 'redeem', voucher }, 'settled');
  const find = (on: string) => frames().find((one) => one.on === on);
  await until('the acknowledgement to be traced', () => find('dn/ack'));
  expect(find('up/tele')).toMatchObject({ link: 'mqtt' });
  expect(find('dn/vch')).toMatchObject({ link: 'mqtt', frame: 'voucher', fields: { voucherId } });
  expect(find('up/rcpt')).toMatchObject({ frame: 'receipt', fields: { result: 0, voucherId } });
  expect(find('dn/ack')).toMatchObject({ frame: 'ack', fields: { receiptNo: 1 } });
  expect(lines.join('\n')).not.toContain(voucher.slice(-32));
  expect(lines.join('\n')).not.toContain('opening');
  tracer.kill('SIGINT');
  expect(await ended).toEqual([0, null]);
}, 90_000);
