import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real InfluxDB 1.x of this machine on loopback, in a folder of its own, which can be killed and started again. */
export interface InfluxServer {
  readonly url: string;
  /** Answers of one statement as rows, straight from the server. */
  ask(statement: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Writes lines of its protocol as they are, times in microseconds. */
  writeLines(database: string, policy: string, lines: string): Promise<void>;
  start(): Promise<void>;
  /** As a power cut would, but for the disk. */
  kill(): Promise<void>;
  /** With all its data. */
  remove(): Promise<void>;
}

const SEARCH_PATH = `${process.env.PATH}:/usr/sbin:/usr/local/bin`;
const START_MS = 30_000;
const ATTEMPT_MS = 50;
/** Below what systems give to connections that go out, so that it is still free when the server comes back. */
const PORTS = { from: 20_000, to: 32_000 } as const;

/** Fails where the machine has no InfluxDB, with what to do. */
function requireInflux(): void {
  const found = spawnSync('influxd', ['version'], { env: { PATH: SEARCH_PATH } });
  if (found.error !== undefined) {
    throw new Error(
      'This needs InfluxDB 1.x: npm run setup:system -- influx (Debian: apt-get install influxdb).',
    );
  }
}

export async function createInfluxServer(
  more: { readonly maxBodyBytes?: number } = {},
): Promise<InfluxServer> {
  requireInflux();
  const folder = await mkdtemp(join(tmpdir(), 'tapwatt-influx-'));
  const [port, backupPort] = [await quietPort(), await quietPort()];
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'influxdb.conf');
  await writeFile(
    file,
    configuration(folder, { port, backupPort, maxBodyBytes: more.maxBodyBytes ?? 25_000_000 }),
  );
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn('influxd', ['run', '-config', file], {
      env: { PATH: SEARCH_PATH, HOME: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-4_000);
    });
    const giveUp = Date.now() + START_MS;
    while (!(await answers(url))) {
      if (child.exitCode !== null || Date.now() > giveUp) throw new Error(`InfluxDB does not start: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    }
  }

  async function kill(): Promise<void> {
    const ending = child;
    child = undefined;
    if (ending === undefined || ending.exitCode !== null) return;
    const gone = once(ending, 'exit');
    ending.kill('SIGKILL');
    await gone;
  }

  await start();
  return {
    ...{ url, start, kill },
    ask: (statement) => ask(url, statement),
    writeLines: (database, policy, lines) =>
      writeLines(`${url}/write?db=${database}&rp=${policy}&precision=u`, lines),
    async remove() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const configuration = (
  folder: string,
  { port, backupPort, maxBodyBytes }: { port: number; backupPort: number; maxBodyBytes: number },
): string => `
reporting-disabled = true
bind-address = "127.0.0.1:${backupPort}"
[meta]
  dir = "${folder}/meta"
[data]
  dir = "${folder}/data"
  wal-dir = "${folder}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  log-enabled = false
  max-body-size = ${maxBodyBytes}
[monitor]
  store-enabled = false
[logging]
  level = "error"
`;

async function answers(url: string): Promise<boolean> {
  const response = await fetch(`${url}/ping`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  return response?.status === 204;
}

interface Answer {
  readonly results: readonly {
    readonly error?: string;
    readonly series?: readonly {
      readonly columns: readonly string[];
      readonly values: readonly (readonly unknown[])[];
    }[];
  }[];
}

async function ask(url: string, statement: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const response = await fetch(`${url}/query?epoch=u`, {
    method: 'POST',
    body: new URLSearchParams({ q: statement }),
  });
  const { results } = (await response.json()) as Answer;
  return results.flatMap(({ error, series = [] }) => {
    if (error !== undefined) throw new Error(error);
    return series.flatMap(({ columns, values }) =>
      values.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
    );
  });
}

async function writeLines(url: string, lines: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: lines });
  if (response.status !== 204) throw new Error(`${response.status}: ${await response.text()}`);
}

async function quietPort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise((resolve) => server.close(resolve));
    if (isFree) return port;
  }
}
