import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { hexToBytes, mqttPasswordOf } from '@tapwatt/firmware-contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { kept } from './harness.ts';
import { RawClient } from './raw-client.ts';
import { selfSigned } from './self-signed.ts';

const BIN = fileURLToPath(new URL('../bin/tapwatt-broker.js', import.meta.url));
const KEY = 'ab'.repeat(32);

let directory: string;
let keyFile: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-broker-'));
  keyFile = await fileOf('mqtt.key', `# of the site\n${KEY}\n`, 0o600);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function fileOf(name: string, content: string, mode = 0o644): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content, { mode });
  return path;
}

const launch = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
  spawn(process.execPath, [BIN, 'run', '--json', '--port', '0', '--key-file', keyFile, ...args], {
    env: { PATH: process.env.PATH ?? '', ...env },
  });

/** How a run ended that was not to become ready. */
async function refusal(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = launch(args, env);
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  return { code: code as number, stderr };
}

describe('the broker as a program', () => {
  it('lets in by derived passwords, keeps the rules of the site, and stops when it is asked to', async () => {
    const child = launch([], { TAPWATT_SITE: 'north' });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    const { mqttPort, scheme } = JSON.parse(line) as { mqttPort: number; scheme: string };
    expect(scheme).toBe('mqtt');
    const password = mqttPasswordOf(hexToBytes(KEY), 'g-one');
    const gateway = kept(
      await RawClient.device(mqttPort, { clientId: 'g-one', username: 'g-one', password }),
    );
    expect(await gateway.subscribe(['tw/v1/north/m/+/up/#', 'tw/v1/south/m/+/up/#'])).toEqual([1, 128]);
    const liar = kept(await RawClient.tcp(mqttPort));
    expect(await liar.connect({ clientId: 'g-two', username: 'g-two', password })).toBe(4);
    child.kill('SIGTERM');
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('says what is wrong with what it was told', async () => {
    const { cert } = selfSigned();
    const certFile = await fileOf('cert.pem', cert);
    const other = await fileOf('other.pem', selfSigned().key);
    expect(await refusal(['--tls-cert', certFile])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('both --tls-cert and --tls-key'),
    });
    expect(await refusal(['--tls-cert', certFile, '--tls-key', other])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('CONFIG_INVALID'),
    });
    expect(await refusal([], { TAPWATT_MQTT_LIMITS_MAX_CONNECTIONS: 'many' })).toMatchObject({ code: 2 });
  });

  it('refuses development keys and readable ones in production', async () => {
    const production = ['--profile', 'production'];
    await fileOf('open.key', KEY, 0o644);
    expect(await refusal([...production, '--key-file', join(directory, 'open.key')])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('chmod 600'),
    });
    const marked = `# tapwatt development key: refused by the production profile\n${KEY}\n`;
    const development = await fileOf('dev.key', marked, 0o600);
    expect(await refusal([...production, '--key-file', development])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('DEVELOPMENT_KEYS'),
    });
  });
});
