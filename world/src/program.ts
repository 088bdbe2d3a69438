import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { endOf, stopChild } from './child.ts';

/** Node's start, the data directory's first keys and block, on a busy machine. */
const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 15_000;

export interface ProgramOptions<R> {
  /** What it is called when it fails to start. */
  readonly name: string;
  /** The script and its arguments. */
  readonly command: readonly string[];
  /** Where its log goes; without it to this process's standard error. */
  readonly logFile?: string | undefined;
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** What a line on its standard output says of its being ready; `undefined` where nothing. */
  readonly readyOf: (line: string) => R | undefined;
  readonly onLine?: (line: string) => void;
  /** What it waits for may come late on a busy machine. */
  readonly readyDeadlineMs?: number;
}

/** A program in a process of its own, which is stopped when this process is gone, however it ended. */
export interface Program<R> {
  readonly pid: number;
  /** Rejects when it ends before it is ready, with the last words of its log. */
  readonly ready: Promise<R>;
  /** Resolves with the exit code, or with the signal's name. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Asks it to stop (SIGTERM), and after a deadline makes it (SIGKILL). */
  stop(): Promise<void>;
  /** As a power cut does. Resolves when it is gone and every whole line that it wrote was read. */
  kill(): Promise<void>;
  /** Over the channel to it. */
  send(message: string): void;
}

export function startProgram<R>(options: ProgramOptions<R>): Program<R> {
  const log = options.logFile === undefined ? 'inherit' : openSync(options.logFile, 'a', 0o600);
  const child = spawn(process.execPath, [...options.command], {
    stdio: ['ignore', 'pipe', log, 'ipc'],
    env: { ...process.env, ...options.environment },
  });
  if (typeof log === 'number') closeSync(log);
  const ended = endOf(child);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${options.name} has no process id.`);
  const ready = readyWithin(child, { ...options, closed, ended });
  ready.catch(() => undefined); // whoever kills it at once does not wait for it
  return {
    ...{ pid, ready, ended },
    stop: () => stopChild(child, closed, STOP_DEADLINE_MS),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
    send: (message) => void child.send(message),
  };
}

interface Ends {
  readonly closed: Promise<void>;
  readonly ended: Promise<number | NodeJS.Signals>;
}

async function readyWithin<R>(child: ChildProcess, options: ProgramOptions<R> & Ends): Promise<R> {
  const { name, logFile, readyOf, onLine, closed, ended } = options;
  const { readyDeadlineMs = READY_DEADLINE_MS } = options;
  const { promise: late, resolve: giveUp } = Promise.withResolvers<void>();
  const deadline = setTimeout(() => giveUp(), readyDeadlineMs);
  const said = new Promise<R>((resolve) => {
    eachLine(child, (line) => {
      const ready = readyOf(line);
      if (ready !== undefined) resolve(ready);
      onLine?.(line);
    });
  });
  const ready = await Promise.race([said, late, closed]);
  clearTimeout(deadline);
  if (ready !== undefined) return ready;
  child.kill('SIGKILL');
  throw new Error(`${name} did not become ready (${await ended}). ${lastWords(logFile)}`);
}

/** Whole lines only: what a killed process had begun to write was not said. */
function eachLine(child: ChildProcess, take: (line: string) => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8');
  child.stdout?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  });
}

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
