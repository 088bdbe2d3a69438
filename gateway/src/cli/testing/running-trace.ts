import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../../bin/tapwatt.js', import.meta.url));

/** A `tapwatt trace` in a process of its own. */
export interface RunningTrace {
  /** What it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Its exit code, when it has ended after SIGTERM or by itself. */
  stop(): Promise<number | null>;
}

export function startTrace(cwd: string, meterId: string): RunningTrace {
  const child = spawn(process.execPath, [BIN, 'trace', '--meter', meterId], {
    cwd,
    env: { PATH: process.env.PATH ?? '' },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    stdout: () => stdout,
    stderr: () => stderr,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
