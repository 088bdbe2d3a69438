import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { NetworkError } from './network-error.ts';

const MAX_OUTPUT = 1_000_000;
const SHOWN_LINES = 6;

export interface ProgramCall {
  readonly program: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly deadlineMs: number;
  /** A failure that says this has been done before is none. */
  readonly alreadyDone?: RegExp;
}

/** Runs a program to its end; answers what it printed. Throws `NetworkError` with its last words. */
export async function runProgram(call: ProgramCall): Promise<string> {
  const { program, args, environment, deadlineMs } = call;
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const gather = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-MAX_OUTPUT);
  };
  child.stdout.on('data', gather);
  child.stderr.on('data', gather);
  const end = await new Promise<number | string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  if (end === 0 || call.alreadyDone?.test(output)) return output;
  const said = output.trim().split('\n').slice(-SHOWN_LINES).join('\n');
  throw new NetworkError(
    'failed',
    `${basename(program)} ${args.slice(0, 3).join(' ')} ended with ${end}:\n${said}`,
  );
}
