import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, runTapwatt, spawnTapwatt } from './testing/run-tapwatt.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tw-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const tapwatt = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
  runTapwatt(args, { cwd, env });

describe('tapwatt config', () => {
  it('names every mistake at once with its line and column, and ends with 3', async () => {
    await writeFile(
      join(cwd, 'tapwatt.yaml'),
      'profile: development\nmqtt:\n  port: many\n  hots: x\nlog: {level: loud}\n',
    );
    const ended = await spawnTapwatt(['config', 'check'], { cwd });
    expect(ended.code).toBe(3);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toContain('tapwatt.yaml:3:9: mqtt.port: ');
    expect(ended.stderr).toContain('tapwatt.yaml:4:3: mqtt.hots: unknown key');
    expect(ended.stderr).toContain('tapwatt.yaml:5:14: log.level: ');
  });

  it('stops `run` with the same words before anything is touched', async () => {
    await writeFile(join(cwd, 'tapwatt.yaml'), 'data: [1]\n');
    const ended = await spawnTapwatt(['run'], { cwd });
    expect([ended.code, ended.stderr.includes('tapwatt.yaml:1:7: data: ')]).toEqual([3, true]);
    await expect(stat(join(cwd, 'data'))).rejects.toThrow();
  });

  it('writes a commented file that is right, and never over another one', async () => {
    expect((await tapwatt(['config', 'init'])).code).toBe(0);
    expect((await tapwatt(['config', 'check'])).code).toBe(0);
    const text = await readFile(join(cwd, 'tapwatt.yaml'), 'utf8');
    expect(text).toContain('# Data directory');
    expect((await tapwatt(['config', 'init', '--profile', 'production'])).code).toBe(3);
    expect(await readFile(join(cwd, 'tapwatt.yaml'), 'utf8')).toBe(text);
  });

  it('writes a production file that is right as well', async () => {
    const args = ['config', 'init', '--profile', 'production', '--site', 'north', '--config', 'p.yaml'];
    expect((await tapwatt(args)).code).toBe(0);
    expect(await tapwatt(['config', 'check', '--config', 'p.yaml'])).toMatchObject({ code: 0 });
  });

  it('shows where each value comes from', async () => {
    await writeFile(join(cwd, 'tapwatt.yaml'), 'site: north\n');
    const ended = await tapwatt(['config', 'print', '--json', '--data', 'd'], { TAPWATT_MQTT_PORT: '1999' });
    expect(JSON.parse(ended.stdout)).toMatchObject({
      site: { value: 'north', from: 'tapwatt.yaml:1:7' },
      'mqtt.port': { value: 1999, from: 'TAPWATT_MQTT_PORT' },
      data: { value: join(cwd, 'd'), from: '--data' },
      'http.port': { value: 8080, from: 'default' },
      'policies.minAmountMinor': { value: '100' },
    });
  });

  it.each([
    [['config', 'init'], 'CONFIG_INVALID', '--config'],
    [['ledger', 'verify', '--data', 'nowhere'], 'CONFIG_INVALID', '--data'],
    [['ledger', 'found'], 'CONFIG_INVALID', 'ledger.kind: fabric'],
    [['doctor', '--config', 'nope.yaml'], 'CONFIG_INVALID', 'tapwatt config init --config nope.yaml'],
    [['config', 'check', '--config', '.'], 'CONFIG_INVALID', 'Name another file with --config'],
    [['backup', 'restore', 'tapwatt.yaml'], 'KEY_FILE', 'tapwatt key restore'],
    [['key', 'backup', 'k.json', '--passphrase-file', 'tapwatt.yaml'], 'KEY_FILE', 'chmod 600'],
  ])('%j says %s with a remedy that names %s', async (args, code, remedy) => {
    await tapwatt(['config', 'init']);
    const { stderr } = await tapwatt([...args, '--json']);
    const said = JSON.parse(stderr.trim().split('\n').at(-1) ?? '{}');
    expect(said).toMatchObject({ code, remedy: expect.stringContaining(remedy) });
  });

  it('says so when a named file is not there', async () => {
    const ended = await tapwatt(['config', 'check', '--config', 'nowhere.yaml']);
    expect([ended.code, ended.stderr.includes('nowhere.yaml')]).toEqual([3, true]);
  });
});

describe('tapwatt', () => {
  it.each([
    [[], 2],
    [['--help'], 0],
    [['--version'], 0],
    [['nonsense'], 2],
    [['meter', 'list', '--nonsense'], 2],
    [['meter', 'add'], 2],
    [['meter', 'list'], 4],
    [['status', '--url', 'http://127.0.0.1:1'], 4],
    [['status', '--url', 'ftp://x'], 2],
    [['ledger', 'verify'], 3],
    [['redeem', 'nowhere'], 2],
    [['key', 'rotate', 'master'], 5],
    [['key', 'rotate', 'nonsense'], 2],
    [['ledger', 'verify', '--data', 'nowhere'], 3],
    [['config', 'init', '--config', 'nowhere/tapwatt.yaml'], 2],
    [['config', 'init', '--site', 'a b'], 3],
    [['key', 'backup', 'x'], 2],
    [['meter', 'add', '--id', '7'], 3],
  ] as const)('%j ends with %i', async (args, code) => {
    expect((await tapwatt(args)).code).toBe(code);
  });

  it('says what is wrong and what to do, as text or as JSON', async () => {
    const text = await tapwatt(['meter', 'list']);
    expect(text.stderr).toBe(
      `GATEWAY_UNREACHABLE: No gateway answers at ${join(cwd, 'data', 'gateway.sock')}.\nStart it with: npx tapwatt run\n`,
    );
    const json = await tapwatt(['meter', 'list', '--json']);
    expect(JSON.parse(json.stderr)).toMatchObject({
      code: 'GATEWAY_UNREACHABLE',
      remedy: 'Start it with: npx tapwatt run',
    });
    expect([text.stdout, json.stdout]).toEqual(['', '']);
    for (const args of [
      ['meter', 'add'],
      ['meter', 'nonsense'],
      ['meter'],
      ['meter', 'list', '--nonsense'],
    ]) {
      const usage = await tapwatt([...args, '--json']);
      expect(JSON.parse(usage.stderr)).toMatchObject({ code: 'BAD_REQUEST' });
      expect([usage.code, usage.stdout]).toEqual([2, '']);
    }
  });

  it('uses no colour where nobody could see it', async () => {
    expect((await tapwatt(['meter', 'list'])).stderr).not.toContain('\u001b');
  });
});

describe('tapwatt key', () => {
  const env = { TAPWATT_PASSPHRASE: 'correct horse battery staple' };

  it('makes keys, backs them up, brings them back elsewhere, and rotates only when told twice', async () => {
    expect((await tapwatt(['key', 'create'])).code).toBe(0);
    expect((await tapwatt(['key', 'backup', 'b.json'], env)).code).toBe(0);
    const restored = await tapwatt(['key', 'restore', 'b.json', '--data', 'other', '--json'], env);
    expect(JSON.parse(restored.stdout).restored).toHaveLength(7);
    const read = (data: string, name: string) => readFile(join(cwd, data, 'keys', name), 'utf8');
    expect(await read('other', 'master.key')).toBe(await read('data', 'master.key'));
    expect(await read('other', 'bank.pub')).toBe(await read('data', 'bank.pub'));
    const before = await read('data', 'mqtt.key');
    expect((await tapwatt(['key', 'rotate', 'mqtt'])).code).toBe(2);
    expect(await read('data', 'mqtt.key')).toBe(before);
    const rotated = await tapwatt(['key', 'rotate', 'mqtt', '--yes']);
    expect([rotated.code, rotated.stderr.includes('Every MQTT password changes')]).toEqual([0, true]);
    expect(await read('data', 'mqtt.key')).not.toBe(before);
    expect((await tapwatt(['key', 'rotate', 'master', '--yes'])).stderr).toContain('put in at the factory');
  });
});
