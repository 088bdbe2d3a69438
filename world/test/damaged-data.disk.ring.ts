import { spawn } from 'node:child_process';
import { chmod, cp, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Fleet, provisionFleet, verifyLedgerDirectory } from '@tapwatt/gateway';
import { type NvmStorage, newBoard, seededRandom } from '@tapwatt/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGatewayProcess } from '../src/gateway-process.ts';
import { rawHandset } from './raw-handset.ts';
import { townMeter } from './town-meter.ts';

const BIN = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));
const SEED = Number(process.env.DISK_SEED ?? Math.floor(Math.random() * 2 ** 31));
const PURCHASES = 30;
const STARTED_DEADLINE_MS = 30_000;

/** A stack trace, also inside JSON. */
const STACK = /(\\n|\n)\s+at /;

let root: string;
let copies = 0;

interface Outcome {
  /** What it printed when it was ready; `undefined` when it ended before. */
  readonly ready: string | undefined;
  readonly exitCode: number | null;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly stderr: string;
}

/** Starts a gateway on this data; one that becomes ready is stopped again. */
async function attempt(data: string): Promise<Outcome> {
  const args = [BIN, 'run', '--json', '--data', data, '--port', '0', '--mqtt-port', '0'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const deadline = setTimeout(() => child.kill('SIGKILL'), STARTED_DEADLINE_MS);
  const stderr = text(child.stderr);
  const ended = new Promise<number | null>((resolve) => child.once('close', (exitCode) => resolve(exitCode)));
  let ready: string | undefined;
  child.stdout.setEncoding('utf8');
  child.stdout.once('data', (line: string) => {
    ready = line;
    child.kill('SIGTERM');
  });
  const exitCode = await ended;
  clearTimeout(deadline);
  const said = await stderr;
  return { ready, exitCode, stderr: said, ...lastWords(said) };
}

function lastWords(stderr: string): { code: string; message: string; remedy: string } {
  const line = stderr.trimEnd().split('\n').at(-1) ?? '';
  try {
    return { code: '', message: '', remedy: '', ...(JSON.parse(line) as object) };
  } catch {
    return { code: '', message: line, remedy: '' };
  }
}

/** A copy of the good data directory, for this test to damage. */
async function copyOfData(): Promise<string> {
  copies += 1;
  const copy = join(root, `copy-${copies}`);
  await cp(join(root, 'data'), copy, { recursive: true });
  return copy;
}

async function fileIn(directory: string, pattern: RegExp): Promise<string> {
  const files: { path: string; size: number }[] = [];
  for (const name of (await readdir(directory)).filter((file) => pattern.test(file))) {
    const path = join(directory, name);
    files.push({ path, size: (await stat(path)).size });
  }
  const [largest] = files.sort((a, b) => b.size - a.size);
  if (largest === undefined) throw new Error(`No ${pattern} in ${directory}: ${await readdir(directory)}`);
  return largest.path;
}

async function flip(path: string, position: number, bytes = 1): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const buffer = Buffer.alloc(bytes);
    await file.read(buffer, 0, bytes, position);
    for (let index = 0; index < bytes; index += 1) buffer[index] = (buffer[index] ?? 0) ^ 0x55;
    await file.write(buffer, 0, bytes, position);
  } finally {
    await file.close();
  }
}

/** Buys from a gateway at this address; the boards keep what was bought. */
async function shop(fleet: Fleet, boards: readonly NvmStorage[]): Promise<void> {
  const [entry] = fleet.handsets;
  if (entry === undefined) throw new Error('The fleet has no handset.');
  const handset = rawHandset(fleet, entry);
  const meters = fleet.meters.map((meter, index) =>
    townMeter(fleet, meter, boards[index] ?? newBoard(meter)),
  );
  try {
    await handset.up();
    for (const meter of meters) await meter.start();
    for (let purchase = 0; purchase < PURCHASES; purchase += 1) {
      const meterId = String((purchase % meters.length) + 1);
      const wish = { op: 'issue', walletId: 'wallet-1', meterId, amount: '100', deliver: true } as const;
      await handset.askUntil(wish, 'settled');
    }
  } finally {
    await Promise.all([handset, ...meters].map((device) => device.close()));
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tw-'));
  const data = join(root, 'data');
  const start = () =>
    startGatewayProcess({
      dataDirectory: data,
      mqttPort: 0,
      httpPort: 0,
      logFile: join(root, 'gateway.log'),
    });
  const gateway = await start();
  const fleet = await provisionFleet({
    dataDirectory: data,
    broker: { host: '127.0.0.1', port: gateway.mqttPort },
    meters: 4,
    handsets: 1,
    fleetFile: join(root, 'fleet.json'),
  });
  const boards = fleet.meters.map(newBoard);
  await shop(fleet, boards);
  await gateway.stop();
  // Opened again, what was a log becomes a table; killed, it leaves a log with something in it.
  const again = await start();
  await shop({ ...fleet, broker: { host: '127.0.0.1', port: again.mqttPort } }, boards);
  await again.kill();
  await rm(join(data, 'gateway.sock'), { force: true });
});
afterAll(() => rm(root, { recursive: true, force: true }));

type Damage = (data: string) => Promise<unknown>;

const CASES: readonly (readonly [string, Damage, string, number, RegExp])[] = [
  ['VERSION is missing', (data) => rm(join(data, 'VERSION')), 'DATA_DAMAGED', 1, /VERSION/],
  ['VERSION is empty', (data) => truncate(join(data, 'VERSION')), 'DATA_DAMAGED', 1, /VERSION/],
  ['VERSION is of the future', (data) => writeFile(join(data, 'VERSION'), '99\n'), 'DATA_VERSION', 1, /99/],
  ['the master key is missing', (data) => rm(join(data, 'keys', 'master.key')), 'KEY_FILE', 3, /master\.key/],
  [
    'the master key is cut off',
    (data) => truncate(join(data, 'keys', 'master.key'), 70),
    'KEY_FILE',
    3,
    /master\.key/,
  ],
  [
    'the master key is another one',
    (data) => anotherMaster(join(data, 'keys', 'master.key')),
    'KEY_FILE',
    3,
    /master key/,
  ],
  [
    'the ledger’s key is missing',
    (data) => rm(join(data, 'keys', 'ledger.key')),
    'KEY_FILE',
    3,
    /ledger\.key/,
  ],
  [
    'the ledger’s key is cut off',
    (data) => truncate(join(data, 'keys', 'ledger.key'), 90),
    'KEY_FILE',
    3,
    /ledger\.key/,
  ],
  [
    'the ledger’s key is another one',
    (data) => cp(join(data, 'keys', 'bank.key'), join(data, 'keys', 'ledger.key')),
    'DATA_DAMAGED',
    1,
    /key/,
  ],
  ['every key is missing', (data) => rm(join(data, 'keys'), { recursive: true }), 'KEY_FILE', 3, /key/],
  [
    'the ledger is missing',
    (data) => rm(join(data, 'ledger'), { recursive: true }),
    'DATA_DAMAGED',
    1,
    /ledger/,
  ],
  ['the ledger is a file', (data) => aFile(join(data, 'ledger')), 'DATA_DAMAGED', 1, /ledger/],
  ['CURRENT is missing', (data) => rm(join(data, 'ledger', 'CURRENT')), 'DATA_DAMAGED', 1, /CURRENT/],
  ['CURRENT is empty', (data) => truncate(join(data, 'ledger', 'CURRENT')), 'DATA_DAMAGED', 1, /ledger/],
  [
    'the manifest is missing',
    async (data) => rm(await fileIn(join(data, 'ledger'), /^MANIFEST/)),
    'DATA_DAMAGED',
    1,
    /ledger/,
  ],
  [
    'the manifest is overwritten',
    async (data) => flip(await fileIn(join(data, 'ledger'), /^MANIFEST/), 0, 64),
    'DATA_DAMAGED',
    1,
    /ledger/,
  ],
  [
    'a table is missing',
    async (data) => rm(await fileIn(join(data, 'ledger'), /\.ldb$/)),
    'DATA_DAMAGED',
    1,
    /ledger/,
  ],
  [
    'a table is cut off',
    async (data) => truncate(await fileIn(join(data, 'ledger'), /\.ldb$/), 1_000),
    'DATA_DAMAGED',
    1,
    /cut off/,
  ],
  [
    'a table is empty',
    async (data) => truncate(await fileIn(join(data, 'ledger'), /\.ldb$/)),
    'DATA_DAMAGED',
    1,
    /ldb/,
  ],
  [
    'the journal of requests is damaged',
    async (data) => rm(await fileIn(join(data, 'requests'), /^MANIFEST/)),
    'DATA_DAMAGED',
    1,
    /requests/,
  ],
];

const aFile = async (path: string): Promise<void> => {
  await rm(path, { recursive: true });
  await writeFile(path, 'not a directory');
};

async function anotherMaster(path: string): Promise<void> {
  const content = await readFile(path, 'utf8');
  await writeFile(
    path,
    content.replace(/^[0-9a-f]{64}$/m, (key) => (key[0] === '0' ? '1' : '0') + key.slice(1)),
  );
}

describe('a gateway whose data is damaged says so and does not start', () => {
  it('but starts on a whole copy of it', async () => {
    const outcome = await attempt(await copyOfData());
    expect(outcome, outcome.stderr).toMatchObject({ exitCode: 0, ready: expect.stringContaining('ready') });
  });

  it.each(CASES)('when %s', async (_, damage, code, exitCode, about) => {
    const data = await copyOfData();
    await damage(data);
    const before = await readdir(join(data, 'ledger')).catch(() => undefined);
    const outcome = await attempt(data);
    expect(outcome, outcome.stderr).toMatchObject({ ready: undefined, code, exitCode });
    expect(outcome.message).toMatch(about);
    expect(outcome.remedy).toMatch(/\w/);
    expect(outcome.stderr).not.toMatch(STACK);
    // It tried nothing that would make the damage worse.
    expect(await attempt(data)).toMatchObject({ ready: undefined, code });
    if (before === undefined)
      expect(await readdir(join(data, 'ledger')).catch(() => undefined)).toBeUndefined();
  });

  it('when a file stands where the directory should be', async () => {
    const data = join(root, 'a-file');
    await writeFile(data, 'x');
    const outcome = await attempt(data);
    expect(outcome, outcome.stderr).toMatchObject({
      ready: undefined,
      code: expect.stringMatching(/DATA|CONFIG/),
    });
    expect(outcome.stderr).not.toMatch(STACK);
  });

  it('when a development key lies open to others, it still starts, for development', async () => {
    const data = await copyOfData();
    await chmod(join(data, 'keys', 'master.key'), 0o644);
    expect((await attempt(data)).ready).toBeDefined();
  });
});

describe(`bytes flipped anywhere in the ledger’s files (DISK_SEED=${SEED})`, () => {
  it('are refused, or found by a verification, or cost nothing but the newest blocks', async () => {
    const random = seededRandom(SEED);
    const key = await readFile(join(root, 'data', 'keys', 'ledger.key'), 'utf8');
    const { createPrivateKey } = await import('node:crypto');
    const publicKey = createPrivateKey(key.slice(key.indexOf('-----BEGIN')));
    const whole = await copyOfData();
    const good = await verifyLedgerDirectory({ directory: join(whole, 'ledger'), key: publicKey });
    const seen = new Map<string, number>();
    for (let round = 0; round < 24; round += 1) {
      const data = await copyOfData();
      const ledger = join(data, 'ledger');
      const path = await fileIn(ledger, [/\.ldb$/, /\.log$/, /^MANIFEST/][round % 3] ?? /\.ldb$/);
      const { size } = await stat(path);
      await flip(path, random.below(Math.max(1, size)), 1);
      const outcome = await attempt(data);
      expect(outcome.stderr, `${path} ${outcome.stderr}`).not.toMatch(STACK);
      let word = outcome.code;
      if (outcome.ready === undefined) {
        expect(['DATA_DAMAGED'], outcome.stderr).toContain(outcome.code);
        expect(outcome.exitCode).toBe(1);
      } else {
        const verified = await verifyLedgerDirectory({ directory: ledger, key: publicKey }).catch(
          (error: { code?: string }) => ({ ok: false, finding: error.code }),
        );
        const lost = verified.ok && 'blocks' in verified ? good.blocks - verified.blocks : 0;
        // A log that ends early looks as after a power cut; the meters' statuses then tell that the ledger is behind.
        expect(lost).toBeLessThan(good.blocks / 2);
        word = verified.ok ? `starts, verified, ${lost} blocks lost` : 'starts, found by verify';
      }
      seen.set(word, (seen.get(word) ?? 0) + 1);
      await rm(data, { recursive: true, force: true });
    }
    process.stderr.write(`${[...seen].map(([word, count]) => `${word}: ${count}`).join(', ')}\n`);
  });
});
