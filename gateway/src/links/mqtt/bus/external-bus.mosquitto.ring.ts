import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics } from '@tapwatt/firmware-contracts';
import { vi } from 'vitest';
import { systemClock, systemRandom } from '../../../edges/system.ts';
import { createExternalBus } from './external-bus.ts';
import { describeMessageBus, type Fixture, IDENTITIES, PASSWORD, SITE } from './message-bus.fixture.ts';

/** The suite of every message bus, over Debian's Mosquitto with passwords and rules as docs would have them. */
const SEARCH_PATH = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
const names = topics(SITE);

const requireMosquitto = (): void => {
  const found = spawnSync('mosquitto', ['-h'], { env: { PATH: SEARCH_PATH } });
  if (found.error !== undefined) {
    throw new Error(
      'This ring needs Mosquitto: apt-get install mosquitto (Debian, Ubuntu), brew install mosquitto (macOS).',
    );
  }
};

/** One stanza a user: Mosquitto's patterns know the user name, `m-1`, and the topics the number, `1`. */
const rules = (): string =>
  [
    'user m-1',
    `topic write tw/v1/${SITE}/m/1/up/#`,
    `topic read ${names.meter('1').downFilter}`,
    'user m-2',
    `topic write tw/v1/${SITE}/m/2/up/#`,
    `topic read ${names.meter('2').downFilter}`,
    'user h-agent',
    `topic write ${names.handset('agent').request}`,
    `topic read ${names.handset('agent').result}`,
    ...['own', 'other'].flatMap((id) => [
      `user g-${id}`,
      `topic read ${names.filters.metersUp}`,
      `topic read ${names.filters.handsetsUp}`,
      `topic write tw/v1/${SITE}/m/+/dn/+`,
      `topic write tw/v1/${SITE}/h/+/dn/res`,
      `topic read tw/v1/${SITE}/g/+/status`,
      `topic write ${names.gateway(id).status}`,
    ]),
    '',
  ].join('\n');

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });

const startMosquitto = async (): Promise<{ port: number; stop: () => Promise<void> }> => {
  requireMosquitto();
  const directory = mkdtempSync(join(tmpdir(), 'tapwatt-mosquitto-'));
  const file = (name: string) => join(directory, name);
  const port = await freePort();
  writeFileSync(file('acl'), rules(), { mode: 0o600 });
  writeFileSync(file('passwords'), IDENTITIES.map((identity) => `${identity}:${PASSWORD}\n`).join(''), {
    mode: 0o600,
  });
  execFileSync('mosquitto_passwd', ['-U', file('passwords')], { env: { PATH: SEARCH_PATH } });
  const user = process.getuid?.() === 0 ? ['user root'] : [];
  const config = [
    `listener ${port} 127.0.0.1`,
    `password_file ${file('passwords')}`,
    `acl_file ${file('acl')}`,
  ];
  writeFileSync(
    file('mosquitto.conf'),
    [...config, ...user, 'allow_anonymous false', 'set_tcp_nodelay true', ''].join('\n'),
  );
  const mosquitto = spawn('mosquitto', ['-c', file('mosquitto.conf')], {
    env: { PATH: SEARCH_PATH },
    stdio: 'ignore',
  });
  await vi.waitUntil(() => answers(port), { timeout: 10_000, interval: 20 });
  return { port, stop: () => stopped(mosquitto).finally(() => rmSync(directory, { recursive: true })) };
};

const stopped = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill();
  });

const start = async (): Promise<Fixture> => {
  const { port, stop } = await startMosquitto();
  const url = `mqtt://127.0.0.1:${port}`;
  const bus = await createExternalBus({
    ...{ url, site: SITE, identity: 'g-own', password: PASSWORD },
    ...{ clock: systemClock, random: systemRandom },
  });
  return { bus, port, stop: () => bus.close({ deadlineMs: 500 }).then(stop) };
};

describeMessageBus('Mosquitto', start, false);
