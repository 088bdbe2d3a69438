import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type Line,
  type LineProcess,
  pythonScript,
  runLines,
  startLines,
  startPython,
  TAPWATT,
} from './processes.ts';
import { PYTHON } from './python.ts';

const SITE = 'counterpart';
const LEDGER = 'counterpart-ledger';
const FUNDS = '1000000';
const AMOUNT = '2500';
const EXIT_REFUSED = 5;

let folder = '';
let gateway: LineProcess;
let mqttPort = 0;
let nextMeter = 1_000_000_007n;
let nextName = 1;
const meters: LineProcess[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tapwatt-counterpart-'));
  await writeFile(
    path.join(folder, 'tapwatt.yaml'),
    `site: ${SITE}\nledgerId: ${LEDGER}\ndata: ${path.join(folder, 'data')}\nsweep: { intervalMs: 1000 }\n`,
  );
  await startGateway();
  const key = path.join(folder, 'handset.pem');
  const { lines } = await runLines(PYTHON, [pythonScript('handset.py'), 'keygen', '--key', key]);
  await tapwatt('agent', 'add', '--id', 'agent-1', '--agency', 'agency');
  await tapwatt('wallet', 'open', '--id', 'wallet-1', '--agent', 'agent-1');
  const { depositId } = await tapwatt('deposit', 'propose', '--wallet', 'wallet-1', '--amount', FUNDS);
  await tapwatt('deposit', 'confirm', '--id', String(depositId), '--utr', 'UTR-1');
  const publicKey = `--public-key=${lines[0]?.publicKey}`;
  const handset = await tapwatt('handset', 'add', '--id', 'handset-1', '--wallet', 'wallet-1', publicKey);
  await writeFile(path.join(folder, 'handset.json'), JSON.stringify(handset));
});

afterAll(async () => {
  for (const meter of meters) await meter.end('SIGKILL');
  await gateway?.end('SIGTERM');
  await rm(folder, { recursive: true, force: true });
});

async function startGateway(): Promise<void> {
  const config = ['--config', path.join(folder, 'tapwatt.yaml')];
  const ports = ['--mqtt-port', String(mqttPort), '--port', '0'];
  gateway = startLines(process.execPath, [TAPWATT, 'run', '--json', ...config, ...ports]);
  const ready = await gateway.until('ready', ({ status }) => status === 'ready');
  mqttPort = Number(ready.mqttPort);
}

/** The JSON that a command of `tapwatt` prints. */
async function tapwatt(...words: string[]): Promise<Line> {
  const config = ['--json', '--config', path.join(folder, 'tapwatt.yaml')];
  const { code, lines } = await runLines(process.execPath, [TAPWATT, ...words, ...config]);
  expect({ command: words.join(' '), code }).toEqual({ command: words.join(' '), code: 0 });
  return lines[0] ?? {};
}

interface Device {
  readonly id: string;
  start(): LineProcess;
}

/** A meter registered just now; `start` plugs it in, with its memory as it was left. */
async function newMeter(): Promise<Device> {
  const id = String(nextMeter);
  nextMeter += 1n;
  const factory = path.join(folder, `meter-${id}.json`);
  await writeFile(factory, JSON.stringify(await tapwatt('meter', 'add', '--id', id)));
  const files = ['--factory', factory, '--nvm', path.join(folder, `meter-${id}.nvm`)];
  return {
    id,
    start() {
      const meter = startPython('meter.py', [...files, '--port', String(mqttPort), '--site', SITE]);
      meters.push(meter);
      return meter;
    },
  };
}

/** A meter that is registered, plugged in and listening. */
async function connectedMeter(): Promise<{ id: string; process: LineProcess }> {
  const { id, start } = await newMeter();
  const process = start();
  await process.until('subscribed', ({ what }) => what === 'subscribed');
  return { id, process };
}

/** What the handset was told about one request, and its exit code. */
function handset(
  op: string,
  args: readonly string[],
  requestId = newName('request'),
): Promise<{ code: number; lines: Line[] }> {
  return runLines(PYTHON, [...handsetArgs(op, args, requestId)]);
}

function handsetArgs(op: string, args: readonly string[], requestId: string, outbox = 'outbox'): string[] {
  const files = ['--config', path.join(folder, 'handset.json'), '--key', path.join(folder, 'handset.pem')];
  const link = ['--port', String(mqttPort), '--site', SITE, '--ledger-id', LEDGER];
  const id = ['--request-id', requestId, '--outbox', path.join(folder, outbox)];
  return [pythonScript('handset.py'), op, ...files, ...link, ...id, ...args];
}

function newName(prefix: string): string {
  nextName += 1;
  return `${prefix}-${nextName}`;
}

/** A voucher bought and not delivered: its id and its 72 bytes as hex. */
async function buy(meterId: string): Promise<{ voucherId: string; voucher: string }> {
  const { code, lines } = await handset('issue', [
    '--wallet',
    'wallet-1',
    '--meter',
    meterId,
    '--amount',
    AMOUNT,
  ]);
  const issued = lines.at(-1) ?? {};
  expect({ code, status: issued.status }).toEqual({ code: 0, status: 'issued' });
  return { voucherId: String(issued.voucherId), voucher: String(issued.voucher) };
}

const statuses = (lines: readonly Line[]) => lines.map(({ status }) => status);

async function walletBalance(): Promise<bigint> {
  const { lines } = await handset('balance', ['--wallet', 'wallet-1']);
  return BigInt(String(lines.at(-1)?.balance));
}

/** The meter's answer to its newest voucher. */
const newestAnswer = (meter: LineProcess) => meter.lines.findLast(({ what }) => what === 'voucher');

describe('a meter and a handset that know nothing but the wire contract', () => {
  test('buy a voucher, redeem it, and hear that it is settled', async () => {
    const meter = await connectedMeter();
    const { voucherId, voucher } = await buy(meter.id);
    expect(voucher).toMatch(/^[0-9a-f]{144}$/);
    const { code, lines } = await handset('redeem', ['--voucher', voucher]);
    expect(code).toBe(0);
    expect(statuses(lines).at(-1)).toBe('settled');
    expect(newestAnswer(meter.process)).toMatchObject({ name: 'APPLIED', voucherId, credited: AMOUNT });
    expect(await tapwatt('voucher', 'show', voucherId)).toMatchObject({ status: 'REDEEMED' });
    await meter.process.until('acknowledgement', ({ what, receiptNo }) => what === 'ack' && receiptNo === 1);
  });

  test('have a voucher delivered straight after it is bought', async () => {
    const meter = await connectedMeter();
    const order = [
      '--wallet',
      'wallet-1',
      '--meter',
      meter.id,
      '--amount',
      AMOUNT,
      '--deliver',
      '--until',
      'settled',
    ];
    const { code, lines } = await handset('issue', order);
    expect(code).toBe(0);
    expect(statuses(lines)).toContain('issued');
    expect(newestAnswer(meter.process)).toMatchObject({ name: 'APPLIED', cumulativeCredited: AMOUNT });
  });

  test('show a voucher again, under the same request and under a new one, and credit it once', async () => {
    const meter = await connectedMeter();
    const { voucher } = await buy(meter.id);
    await handset('redeem', ['--voucher', voucher], 'redeem-twice');
    const again = await handset('redeem', ['--voucher', voucher], 'redeem-twice');
    const anew = await handset('redeem', ['--voucher', voucher]);
    expect([statuses(again.lines).at(-1), statuses(anew.lines).at(-1)]).toEqual(['settled', 'settled']);
    expect(newestAnswer(meter.process)).toMatchObject({ cumulativeCredited: AMOUNT });
    expect(meter.process.lines.filter(({ committed }) => committed === true)).toHaveLength(1);
  });

  test('are refused a voucher with one bit changed, and lose nothing by it', async () => {
    const meter = await connectedMeter();
    const { voucher } = await buy(meter.id);
    for (const flipped of [1n, 1n << 200n, 1n << 400n]) {
      const damaged = (BigInt(`0x${voucher}`) ^ flipped).toString(16).padStart(144, '0');
      const { code, lines } = await handset('redeem', ['--voucher', damaged]);
      expect({ code, status: lines.at(-1)?.status }).toEqual({ code: EXIT_REFUSED, status: 'refused' });
      expect(lines.at(-1)?.code).toMatch(/^[A-Z_]+$/);
    }
    const { lines } = await handset('redeem', ['--voucher', voucher]);
    expect(statuses(lines).at(-1)).toBe('settled');
    expect(newestAnswer(meter.process)).toMatchObject({ cumulativeCredited: AMOUNT });
  });

  test('are refused when a requestId comes again with other content', async () => {
    const meter = await connectedMeter();
    const order = (amount: string) => ['--wallet', 'wallet-1', '--meter', meter.id, '--amount', amount];
    await handset('issue', order(AMOUNT), 'used-once');
    const { code, lines } = await runLines(
      PYTHON,
      handsetArgs('issue', order('2600'), 'used-once', 'other-outbox'),
    );
    expect({ code, refusal: lines.at(-1)?.code }).toEqual({ code: EXIT_REFUSED, refusal: 'REQUEST_REUSED' });
  });

  test('wait for a meter that is away, and credit it when it comes', async () => {
    const { id, start } = await newMeter();
    const { voucher } = await buy(id);
    const pending = await handset('redeem', ['--voucher', voucher, '--until', 'pending'], 'redeem-later');
    expect(statuses(pending.lines).at(-1)).toBe('pending');
    const meter = start();
    await meter.until('the voucher', ({ what, name }) => what === 'voucher' && name === 'APPLIED');
    const settled = await handset('redeem', ['--voucher', voucher], 'redeem-later');
    expect(statuses(settled.lines).at(-1)).toBe('settled');
  });

  test('cancel a voucher that the meter has not seen, and have the money back', async () => {
    const { id, start } = await newMeter();
    const { voucherId, voucher } = await buy(id);
    const before = await walletBalance();
    const asked = await handset('cancel', ['--voucher-id', voucherId, '--until', 'cancelling'], 'cancel-it');
    expect(statuses(asked.lines).at(-1)).toBe('cancelling');
    expect(await walletBalance()).toBe(before);
    const meter = start();
    await meter.until('the void order', ({ name }) => name === 'VOIDED');
    const { code, lines } = await handset('cancel', ['--voucher-id', voucherId], 'cancel-it');
    expect({ code, last: statuses(lines).at(-1) }).toEqual({ code: 0, last: 'voided' });
    expect(await walletBalance()).toBe(before + BigInt(AMOUNT));
    const late = await handset('redeem', ['--voucher', voucher, '--until', 'voided']);
    expect(statuses(late.lines)).not.toContain('settled');
    expect(meter.lines.findLast(({ what }) => what === 'voucher')).toMatchObject({ cumulativeCredited: '0' });
  });

  test('find everything as it was after the meter lost its power', async () => {
    const { id, start } = await newMeter();
    const first = start();
    await first.until('subscribed', ({ what }) => what === 'subscribed');
    const { voucher } = await buy(id);
    await handset('redeem', ['--voucher', voucher]);
    await first.end('SIGKILL');
    const second = start();
    await second.until('subscribed', ({ what }) => what === 'subscribed');
    await handset('redeem', ['--voucher', voucher]);
    expect(second.lines.filter(({ committed }) => committed === true)).toEqual([]);
    expect(await tapwatt('meter', 'show', id)).toMatchObject({ settled: AMOUNT });
  });

  test('go on after the gateway was killed, and the money adds up', async () => {
    const meter = await connectedMeter();
    const { voucher } = await buy(meter.id);
    await gateway.end('SIGKILL');
    await startGateway();
    const { lines } = await handset('redeem', ['--voucher', voucher]);
    expect(statuses(lines).at(-1)).toBe('settled');
    expect(newestAnswer(meter.process)).toMatchObject({ cumulativeCredited: AMOUNT });
    expect(await tapwatt('ledger', 'invariants')).toMatchObject({ ok: true });
  });
});
