import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../until.ts';

const DRIVER = '/usr/lib/pcsc/drivers/serial/libifdvpcd.so';
const FIRST_PORT = 0x8c7b;
const SOCKET = '/run/pcscd/pcscd.comm';

/** The real PC/SC daemon with two virtual readers, in the private network and /run of the ring. */
export interface PcscDaemon {
  start(): Promise<void>;
  /** At once, as a crash does. */
  kill(): Promise<void>;
  /** Stops answering, as a daemon does that hangs. */
  freeze(): void;
  close(): Promise<void>;
}

/** Where a card is held to the first or the second reader, and what the daemon calls that reader. */
export const READERS = [0, 1].map((slot) => ({
  name: `Virtual PCD 00 0${slot}`,
  host: '127.0.0.1',
  port: FIRST_PORT + slot,
}));

const takesConnections = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
    socket.unref().end();
  });

export function pcscDaemon(): PcscDaemon {
  const folder = mkdtempSync(join(tmpdir(), 'tw-pcsc-'));
  const channel = `0x${FIRST_PORT.toString(16)}`;
  const reader = [
    'FRIENDLYNAME "Virtual PCD"',
    `DEVICENAME /dev/null:${channel}`,
    `LIBPATH ${DRIVER}`,
    `CHANNELID ${channel}`,
  ];
  writeFileSync(join(folder, 'readers'), `${reader.join('\n')}\n`);
  let child: ChildProcess | undefined;

  async function kill(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  return {
    async start() {
      rmSync('/run/pcscd', { recursive: true, force: true });
      child = spawn('pcscd', ['--foreground', '--config', folder], { stdio: 'ignore' });
      await until('the PC/SC daemon', async () => ((await takesConnections(SOCKET)) ? true : undefined));
    },
    kill,
    freeze: () => child?.kill('SIGSTOP'),
    async close() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
