import { generateKeyPairSync } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { provisionFleet } from './provision-fleet.ts';
import { type Ended, runTapwatt, spawnTapwatt } from './testing/run-tapwatt.ts';
import { startTestGateway, type TestGateway } from './testing/running-gateway.ts';

const SLOW_MS = 60_000;

describe('the command line and a running gateway', () => {
  let cwd: string;
  let gateway: TestGateway;
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'tw-'));
    gateway = await startTestGateway(cwd);
  }, SLOW_MS);
  afterAll(async () => {
    await gateway.end('SIGKILL');
    await rm(cwd, { recursive: true, force: true });
  });

  const tapwatt = (args: readonly string[], env = {}): Promise<Ended> => runTapwatt(args, { cwd, env });
  async function json(args: readonly string[]): Promise<Record<string, unknown>> {
    const ended = await tapwatt([...args, '--json']);
    if (ended.code !== 0) throw new Error(ended.stderr);
    return JSON.parse(ended.stdout) as Record<string, unknown>;
  }

  it(
    'goes from an agent to a funded wallet, a handset and a meter',
    async () => {
      const { publicKey } = generateKeyPairSync('ed25519');
      const key = publicKey.export({ format: 'jwk' }).x ?? '';
      await json(['agent', 'add', '--id', 'a1']);
      await json(['wallet', 'open', '--id', 'w1', '--agent', 'a1']);
      await json(['deposit', 'propose', '--wallet', 'w1', '--amount', '50000', '--id', 'd1']);
      const confirmed = await json(['deposit', 'confirm', '--id', 'd1', '--utr', 'U1']);
      expect(confirmed).toMatchObject({ balance: '50000', repeated: false });
      expect(await json(['wallet', 'show', 'w1'])).toMatchObject({
        balance: '50000',
        held: '0',
        state: 'open',
      });
      const handset = await json(['handset', 'add', '--id', 'h1', '--wallet', 'w1', '--public-key', key]);
      expect(handset).toMatchObject({ identity: 'h-h1', agentId: 'a1' });
      expect(await json(['handset', 'show', 'h1'])).toMatchObject({ password: handset.password });
      const meter = await json(['meter', 'add', '--id', '4711']);
      expect(meter).toMatchObject({
        meterId: '4711',
        keyEpoch: 1,
        identity: 'm-4711',
        rootKey: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(await json(['meter', 'show', '4711', '--secrets'])).toMatchObject({ rootKey: meter.rootKey });
      expect((await tapwatt(['meter', 'list'])).stdout).toContain('4711');
      expect(await json(['voucher', 'list'])).toEqual({ vouchers: [] });
      expect(await json(['status'])).toMatchObject({ readiness: { state: 'ready' } });
    },
    SLOW_MS,
  );

  it(
    'makes the same request once, however often it is sent',
    async () => {
      const args = ['meter', 'add', '--id', '99', '--request-id', 'mine'];
      const first = await json(args);
      expect(await json(args)).toEqual(first);
      expect(
        (await tapwatt(['meter', 'add', '--id', '98', '--request-id', 'mine', '--json'])).stderr,
      ).toContain('REQUEST_REUSED');
      expect((await tapwatt(['meter', 'add', '--id', '99'])).code).toBe(5);
    },
    SLOW_MS,
  );

  it(
    'is refused by rule with 5 and the rule’s code',
    async () => {
      const refusals: [string[], string][] = [
        [['meter', 'add', '--id', '5', '--as', 'bank'], 'FORBIDDEN'],
        [['deposit', 'confirm', '--id', 'none', '--utr', 'U9'], 'DEPOSIT_UNKNOWN'],
        [['wallet', 'show', 'nobody'], 'WALLET_UNKNOWN'],
        [['meter', 'show', '12345'], 'METER_UNKNOWN'],
        [['key', 'rotate', 'ledger'], 'FORBIDDEN'],
      ];
      for (const [args, code] of refusals) {
        const ended = await tapwatt([...args, '--json']);
        expect(
          [ended.code, JSON.parse(ended.stderr.trim().split('\n').at(-1) ?? '{}').code],
          args.join(' '),
        ).toEqual([5, code]);
      }
    },
    SLOW_MS,
  );

  it(
    'refuses a voucher that nobody sealed',
    async () => {
      await writeFile(join(cwd, 'voucher'), new Uint8Array(72));
      const ended = await tapwatt(['redeem', 'voucher']);
      expect([ended.code, ended.stderr.includes('BAD_FORMAT')]).toEqual([5, true]);
    },
    SLOW_MS,
  );

  it(
    'keeps everybody else out of the data directory and off its ports',
    async () => {
      const second = await spawnTapwatt(['run', '--port', '0', '--mqtt-port', '0', '--json'], { cwd });
      expect([second.code, JSON.parse(second.stderr.trim().split('\n').at(-1) ?? '').code]).toEqual([
        1,
        'DATA_LOCKED',
      ]);
      for (const flag of ['--port', '--mqtt-port']) {
        const port = String(flag === '--port' ? gateway.httpPort : gateway.mqttPort);
        const other = flag === '--port' ? '--mqtt-port' : '--port';
        const ended = await spawnTapwatt(['run', '--data', 'elsewhere', flag, port, other, '0'], { cwd });
        expect([ended.code, ended.stderr.includes('PORT_IN_USE')], flag).toEqual([1, true]);
      }
      expect((await tapwatt(['ledger', 'verify'])).stderr).toContain('stop it first');
    },
    SLOW_MS,
  );

  it(
    'takes the token over TCP, and no longer the one before a rotation',
    async () => {
      const url = `http://127.0.0.1:${gateway.httpPort}`;
      const withToken = (file: string) => [
        'meter',
        'show',
        '4711',
        '--secrets',
        '--url',
        url,
        '--token-file',
        file,
      ];
      await cp(join(cwd, 'data', 'admin.token'), join(cwd, 'old.token'));
      expect((await tapwatt(['meter', 'show', '4711', '--secrets', '--url', url])).code).toBe(5);
      expect((await tapwatt(withToken('old.token'))).code).toBe(0);
      expect((await tapwatt(['key', 'rotate', 'admin', '--yes'])).code).toBe(0);
      expect((await tapwatt(withToken('old.token'))).stderr).toContain('UNAUTHORIZED');
      expect((await tapwatt(withToken(join('data', 'admin.token')))).code).toBe(0);
    },
    SLOW_MS,
  );

  it(
    'provisions a fleet once, adds what is missing, and keeps its keys',
    async () => {
      const fleetFile = join(cwd, 'fleet.json');
      const provision = (meters: number, handsets: number) =>
        provisionFleet({
          dataDirectory: join(cwd, 'data'),
          broker: { host: '127.0.0.1', port: gateway.mqttPort },
          meters,
          handsets,
          fleetFile,
        });
      const first = await provision(3, 1);
      expect((await stat(fleetFile)).mode & 0o777).toBe(0o600);
      expect(first).toMatchObject({
        site: 'home',
        ledgerId: 'tapwatt-dev',
        broker: { port: gateway.mqttPort },
      });
      const [wallet] = first.handsets.map((handset) => handset.walletId);
      const funded = await json(['wallet', 'show', wallet ?? '']);
      expect(await provision(3, 1)).toEqual(first);
      expect(await json(['wallet', 'show', wallet ?? ''])).toEqual(funded);
      const more = await provision(40, 2);
      expect(more.meters.slice(0, 3)).toEqual(first.meters);
      expect(more.handsets[0]).toEqual(first.handsets[0]);
      expect([more.meters.length, more.handsets.length]).toEqual([40, 2]);
      await rm(fleetFile);
      const after = await provision(3, 1);
      expect(after.meters).toEqual(first.meters);
      expect(after.handsets[0]?.id).toBe('handset-3');
    },
    SLOW_MS,
  );

  it(
    'finds everything where it was after the gateway was killed',
    async () => {
      await gateway.end('SIGKILL');
      expect((await tapwatt(['status'])).code).toBe(4);
      expect(await json(['ledger', 'verify'])).toMatchObject({ ok: true });
      expect(await json(['ledger', 'invariants'])).toMatchObject({ ok: true });
      gateway = await startTestGateway(cwd);
      expect(await json(['wallet', 'show', 'w1'])).toMatchObject({ balance: '50000' });
      expect(await json(['ledger', 'invariants'])).toMatchObject({ ok: true });
      const { how, log } = await gateway.end('SIGTERM');
      expect(how).toBe(0);
      expect(log).not.toContain(
        (await readFile(join(cwd, 'data', 'keys', 'master.key'), 'utf8')).split('\n')[1],
      );
    },
    SLOW_MS,
  );

  it(
    'says what is wrong with a ledger that another key signed',
    async () => {
      const keys = join(cwd, 'data', 'keys');
      await cp(join(keys, 'bank.key'), join(keys, 'ledger.key'));
      const ended = await tapwatt(['ledger', 'verify', '--json']);
      expect([ended.code, JSON.parse(ended.stdout)]).toMatchObject([5, { ok: false, finding: { block: 0 } }]);
    },
    SLOW_MS,
  );
});

describe('the production profile', () => {
  let cwd: string;
  beforeAll(async () => {
    cwd = await mkdtemp(join(tmpdir(), 'tw-'));
  });
  afterAll(() => rm(cwd, { recursive: true, force: true }));

  it(
    'starts with keys made for it, and lets nobody read without the token',
    async () => {
      const tapwatt = (...args: string[]): Promise<Ended> => runTapwatt(args, { cwd });
      expect((await tapwatt('config', 'init', '--profile', 'production', '--site', 'north')).code).toBe(0);
      const without = await spawnTapwatt(['run', '--port', '0', '--mqtt-port', '0'], { cwd });
      expect([without.code, without.stderr.includes('KEY_FILE')]).toEqual([3, true]);
      expect((await tapwatt('key', 'create')).code).toBe(0);
      const gateway = await startTestGateway(cwd);
      const url = `http://127.0.0.1:${gateway.httpPort}`;
      expect((await tapwatt('meter', 'list', '--url', url)).stderr).toContain('UNAUTHORIZED');
      expect((await tapwatt('meter', 'list', '--url', url, '--token-file', 'data/admin.token')).code).toBe(0);
      expect((await tapwatt('dev', 'provision', '--fleet', 'f.json')).stderr).toContain('FORBIDDEN');
      expect((await gateway.end('SIGTERM')).how).toBe(0);
    },
    SLOW_MS,
  );
});

it(
  'says of each serial port that is away why, on a line of its own',
  async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'tw-'));
    const lines = ['a', 'b'].map((name) => `{device: ${join(cwd, name)}}`);
    await writeFile(join(cwd, 'tapwatt.yaml'), `links: {serial: [${lines.join(', ')}]}\n`);
    const gateway = await startTestGateway(cwd);
    await vi.waitFor(async () => {
      const { stdout } = await runTapwatt(['status'], { cwd });
      expect(stdout).toMatch(
        /^state +degraded\n +The serial port \S+a is away \((?!Error: |not opened).*\n/m,
      );
      expect(stdout).toMatch(/^ +The serial port \S+b is away \((?!Error: |not opened)/m);
    }, SLOW_MS);
    await gateway.end('SIGKILL');
    await rm(cwd, { recursive: true, force: true });
  },
  SLOW_MS,
);
