import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { endOf, stopChild } from './child.ts';

/** Node's start, the data directory's first keys and block, on a busy machine. */
const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 15_000;

const BIN = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));

export interface GatewayProcessOptions {
  /** Absolute path; made at the first start. */
  readonly dataDirectory: string;
  /** 0 takes any free port. */
  readonly mqttPort: number;
  readonly httpPort: number;
  /** Where its log goes; without it to this process's standard error. */
  readonly logFile?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A gateway in a process of its own, as an operator runs it. */
export interface GatewayProcess {
  readonly mqttPort: number;
  readonly httpPort: number;
  readonly pid: number;
  /** Resolves with the exit code, or with the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Asks it to stop (SIGTERM), and after a deadline makes it (SIGKILL). */
  stop(): Promise<void>;
  /** As a power cut does. */
  kill(): Promise<void>;
}

/** Starts a gateway and resolves when it is ready. Rejects when it ends before, with the last words of its log. */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const child = spawn(
    process.execPath,
    [
      ...[BIN, 'run', '--json', '--data', options.dataDirectory],
      ...['--mqtt-port', String(options.mqttPort), '--port', String(options.httpPort)],
    ],
    {
      stdio: [
        'ignore',
        'pipe',
        options.logFile === undefined ? 'inherit' : openSync(options.logFile, 'a', 0o600),
        'ipc', // closes when this process is gone, however it ended
      ],
      env: { ...process.env, ...options.environment },
    },
  );
  const ended = endOf(child);
  const ready = await Promise.race([readyLine(child), deadline(READY_DEADLINE_MS)]);
  if (ready === undefined) {
    child.kill('SIGKILL');
    const how = await ended;
    throw new Error(`The gateway did not become ready (${how}). ${lastWords(options.logFile)}`);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error('The gateway has no process id.');
  return {
    ...ready,
    pid,
    ended,
    stop: () => stopChild(child, ended, STOP_DEADLINE_MS),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The ports that `tapwatt run --json` prints when it is ready; `undefined` when it ends before. */
async function readyLine(child: ChildProcess): Promise<{ mqttPort: number; httpPort: number } | undefined> {
  if (child.stdout === null) return undefined;
  for await (const line of createInterface(child.stdout)) {
    const { status, mqttPort, httpPort } = JSON.parse(line) as Record<string, unknown>;
    if (status === 'ready' && typeof mqttPort === 'number' && typeof httpPort === 'number') {
      child.stdout.resume();
      return { mqttPort, httpPort };
    }
  }
  return undefined;
}

const deadline = (ms: number): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(undefined), ms).unref();
  });

/** The newest line of its log: why it ended, and what to do. */
function lastWords(logFile: string | undefined): string {
  if (logFile === undefined) return '';
  const line = readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  try {
    const { message, remedy } = JSON.parse(line) as { message?: string; remedy?: string };
    return [message, remedy].filter((words) => words !== undefined).join(' ');
  } catch {
    return line;
  }
}
