import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A serial line between two pseudo-terminals, held by a process of its own. */
export interface PtyPair {
  /** The device at the gateway’s end, and at the meters’. */
  readonly near: string;
  readonly far: string;
  /** Both devices are gone, as an adapter that is pulled out. */
  cut(): Promise<void>;
  /** They are there again, as new ones. */
  mend(): Promise<void>;
  close(): Promise<void>;
}

const START_MS = 10_000;

export async function openPtyPair(): Promise<PtyPair> {
  const folder = await mkdtemp(join(tmpdir(), 'tapwatt-serial-'));
  const [near, far] = [join(folder, 'near'), join(folder, 'far')];
  let line = await startSocat(near, far);
  const cut = async (): Promise<void> => {
    if (line.exitCode !== null || line.signalCode !== null) return;
    const ended = once(line, 'close');
    line.kill('SIGKILL');
    await ended;
  };
  return {
    ...{ near, far, cut },
    async mend() {
      line = await startSocat(near, far);
    },
    async close() {
      await cut();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function startSocat(near: string, far: string): Promise<ChildProcess> {
  const ends = [near, far].map((path) => `PTY,link=${path},raw,echo=0`);
  const socat = spawn('socat', ['-d', '-d', ...ends], { stdio: ['ignore', 'ignore', 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    const failed = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(why));
    };
    const timer = setTimeout(() => failed(`socat did not start in ${START_MS} ms: ${said}`), START_MS);
    socat.once('error', ({ message }) =>
      failed(`The serial ring needs socat (${message}). Remedy: npm run setup:system`),
    );
    socat.once('close', () => failed(`socat ended: ${said}`));
    socat.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
      if (!said.includes('starting data transfer')) return;
      clearTimeout(timer);
      resolve(socat);
    });
  });
}
