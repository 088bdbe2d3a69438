import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { createManualClock } from '../edges/manual-clock.ts';
import { systemRandom } from '../edges/system.ts';
import type { Patient } from './check.ts';
import { checkDaemons } from './check-daemons.ts';
import { checkServers } from './check-servers.ts';
import { examine } from './examine.ts';
import { unnamed } from './unnamed-ports.ts';

const NOBODY = 65_534;
let directory: string;
let servers: Server[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.close();
  await rm(directory, { recursive: true, force: true });
});

const patient = (settings: Readonly<Record<string, string>>, clock = createManualClock()): Patient => ({
  config: loadConfig({
    ...{ environment: settings, workingDirectory: directory },
    flags: [{ name: '--data', path: 'data', text: 'data' }],
  }).config,
  environment: { PCSCLITE_CSOCK_NAME: join(directory, 'locked', 'pcscd.comm') },
  ...{ clock, random: systemRandom, signal: new AbortController().signal },
});

async function listening(server: Server = createServer()): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function networkOf(ports: readonly number[]): Promise<string> {
  const path = join(directory, 'network.json');
  const peers = ports.map((port) => ({ mspId: 'Org', address: `127.0.0.1:${port}`, tlsCa: 'ca.pem' }));
  await writeFile(path, JSON.stringify({ channel: 'c', chaincode: 'tapwatt', peers }));
  return path;
}

const settingsOf = (brokerPort: number, issuerPort: number, network: string) => ({
  TAPWATT_MQTT_EXTERNAL: `mqtt://127.0.0.1:${brokerPort}`,
  TAPWATT_ISSUER_URL: `https://127.0.0.1:${issuerPort}`,
  ...{ TAPWATT_ISSUER_CA: 'ca', TAPWATT_ISSUER_CERTIFICATE: 'cert', TAPWATT_ISSUER_KEY: 'key' },
  ...{ TAPWATT_LEDGER_KIND: 'fabric', TAPWATT_LEDGER_FABRIC_NETWORK: network },
});

describe('of servers elsewhere', () => {
  it('none is looked for where none is configured', async () => {
    expect(await examine(patient({}), [checkServers])).toEqual([]);
  });

  it('those that take connections are well', async () => {
    const [broker, issuer, peer] = [await listening(), await listening(), await listening()];
    const found = await examine(patient(settingsOf(broker, issuer, await networkOf([peer]))), [checkServers]);
    expect(found.map(({ what, state }) => [what, state])).toEqual([
      ['mqtt broker', 'ok'],
      ['issuer', 'ok'],
      ['fabric peer', 'ok'],
    ]);
  });

  it('each that takes none is trouble of its own, with a remedy', async () => {
    const [away, peer] = [await closedPort(), await listening()];
    const settings = settingsOf(away, away, await networkOf([peer, away]));
    const found = await examine(patient(settings), [checkServers]);
    expect(found.map(({ what, state }) => [what, state])).toEqual([
      ['mqtt broker', 'trouble'],
      ['issuer', 'trouble'],
      ['fabric peer', 'ok'],
      ['fabric peer', 'trouble'],
    ]);
    for (const { says, remedy } of found.filter(({ state }) => state === 'trouble')) {
      expect(says).toContain(`127.0.0.1:${away}: ECONNREFUSED`);
      expect(remedy).toBeDefined();
    }
  });

  it('one that does not answer in time is trouble', async () => {
    const clock = createManualClock();
    const settings = { TAPWATT_MQTT_EXTERNAL: `mqtt://127.0.0.1:${await listening()}` };
    const examined = examine(patient(settings, clock), [checkServers]);
    // No turn of the event loop passes in which the connection could be made.
    void clock.advance(3_000);
    expect(await examined).toMatchObject([
      { what: 'mqtt broker', state: 'trouble', says: expect.stringContaining('no answer within 3 s') },
    ]);
  });

  it('a network whose description cannot be read is trouble', async () => {
    const settings = settingsOf(await listening(), await listening(), join(directory, 'none.json'));
    const [, , network] = await examine(patient(settings), [checkServers]);
    expect(network).toMatchObject({ what: 'fabric network', state: 'trouble', remedy: expect.any(String) });
  });
});

describe('of daemons', () => {
  it('one that does not let this user in is remedied by a permission', async () => {
    await mkdir(join(directory, 'locked'), { mode: 0o000 });
    const who = patient({ TAPWATT_LINKS_NFC_ENABLED: 'true' });
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(NOBODY);
    try {
      const pcscd = (await examine(who, [checkDaemons])).find(({ what }) => what === 'pcscd');
      expect(pcscd).toMatchObject({ state: 'trouble', says: expect.stringContaining('EACCES') });
      expect(pcscd?.remedy).toMatch(/group.*polkit/);
    } finally {
      if (isRoot) process.seteuid?.(0);
      await chmod(join(directory, 'locked'), 0o700);
    }
  });

  it.each([
    [200, 'ok'],
    [204, 'ok'],
    [302, 'trouble'],
    [401, 'trouble'],
    [404, 'trouble'],
    [503, 'trouble'],
  ] as const)('an InfluxDB that answers a ping with %i is %s', async (status, state) => {
    const port = await listening(createHttpServer((_request, response) => response.writeHead(status).end()));
    const url = `http://127.0.0.1:${port}`;
    const found = await examine(patient({ TAPWATT_TELEMETRY_INFLUX_URL: url }), [checkDaemons]);
    const influx = found.find(({ what }) => what === 'influxdb');
    expect(influx).toMatchObject({ state, says: expect.stringContaining(`(${status})`) });
    expect(influx?.remedy === undefined).toBe(state === 'ok');
  });
});

describe('of serial ports', () => {
  it('one that is configured by another name of the same device is in use', async () => {
    const [port, other, byId] = ['ttyUSB0', 'ttyUSB1', 'by-id'].map((name) => join(directory, name));
    for (const path of [port, other]) await writeFile(path ?? '', '');
    await symlink('ttyUSB0', byId ?? '');
    const ports = [port, other].map((path = '') => ({ path }));
    const away = join(directory, 'away');
    const lines = [byId, away].map((device = '') => ({ device }));
    expect(await unnamed([...ports, { path: away }], lines)).toEqual([{ path: other }]);
  });
});
