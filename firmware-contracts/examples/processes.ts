import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { PYTHON } from './python.ts';

const DEADLINE_MS = 60_000;
const MAX_LINES = 10_000;
export const TAPWATT = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));

export type Line = Readonly<Record<string, unknown>>;

/** A process that prints one JSON object a line. */
export interface LineProcess {
  readonly lines: readonly Line[];
  /** The first line, printed already or still to come, that fits. Rejects when the process ends or the deadline passes. */
  until(what: string, fits: (line: Line) => boolean): Promise<Line>;
  /** Resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** Starts a script of the Python counterpart. */
export function startPython(script: string, args: readonly string[]): LineProcess {
  return startLines(PYTHON, [pythonScript(script), ...args]);
}

export function pythonScript(name: string): string {
  return fileURLToPath(new URL(`./python/${name}`, import.meta.url));
}

/** Starts a program; its standard error is shown when it matters, in the error that `until` throws. */
export function startLines(file: string, args: readonly string[]): LineProcess {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: Line[] = [];
  const listeners = new Set<() => void>();
  const wake = () => {
    for (const listener of listeners) listener();
  };
  let complaints = '';
  let ended = false;
  createInterface(child.stdout).on('line', (text) => {
    lines.push(JSON.parse(text));
    if (lines.length > MAX_LINES) child.kill('SIGKILL');
    wake();
  });
  child.stderr.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-4_000);
  });
  const closed = closing(child).then(() => {
    ended = true;
    wake();
  });
  return {
    lines,
    until: (what, fits) =>
      new Promise((resolve, reject) => {
        const settle = (act: () => void) => {
          clearTimeout(timer);
          listeners.delete(look);
          act();
        };
        const fail = (why: string) => {
          const seen = lines.slice(-5).map((line) => JSON.stringify(line));
          settle(() => reject(new Error(`no "${what}": ${why}\n${seen.join('\n')}\n${complaints}`)));
        };
        const look = () => {
          const found = lines.find(fits);
          if (found !== undefined) settle(() => resolve(found));
          else if (ended) fail('the process has ended');
        };
        const timer = setTimeout(() => fail(`not within ${DEADLINE_MS} ms`), DEADLINE_MS);
        listeners.add(look);
        look();
      }),
    async end(signal) {
      child.kill(signal);
      await closed;
    },
  };
}

function closing(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('close', () => resolve());
    child.once('error', reject);
  });
}

/** Runs a program to its end: its exit code and the JSON lines it printed. */
export function runLines(file: string, args: readonly string[]): Promise<{ code: number; lines: Line[] }> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: DEADLINE_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : error.code;
      if (typeof code !== 'number')
        return reject(new Error(`${file} ${args.join(' ')}: ${error?.message}\n${stderr}`));
      const texts = stdout.split('\n').filter((text) => text !== '');
      return resolve({ code, lines: texts.map((text) => JSON.parse(text)) });
    });
  });
}
