import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
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

/** Starts a gateway and resolves when it is ready. Rejects when it ends before, with its last words on standard error. */
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
      ],
      env: { ...process.env, ...options.environment },
    },
  );
  const ended = endOf(child);
  const ready = await Promise.race([
    readyLine(child),
    ended.then((how) => Promise.reject(new Error(`The gateway ended (${how}) before it was ready.`))),
    deadline(READY_DEADLINE_MS, 'The gateway was not ready in time.'),
  ]);
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

/** The line that `tapwatt run --json` prints when it is ready. */
async function readyLine(child: ChildProcess): Promise<{ mqttPort: number; httpPort: number }> {
  if (child.stdout === null) throw new Error('The gateway has no standard output.');
  for await (const line of createInterface(child.stdout)) {
    const { status, mqttPort, httpPort } = JSON.parse(line) as Record<string, unknown>;
    if (status === 'ready' && typeof mqttPort === 'number' && typeof httpPort === 'number') {
      child.stdout.resume();
      return { mqttPort, httpPort };
    }
  }
  throw new Error('The gateway closed its output before it was ready.');
}

function deadline(ms: number, message: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(message)), ms).unref();
  });
}
