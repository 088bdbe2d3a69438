import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runCli } from '../run-cli.ts';

const BIN = fileURLToPath(new URL('../../../bin/tapwatt.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TapwattRun {
  readonly cwd: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the real command line in a process of its own. */
export async function spawnTapwatt(
  args: readonly string[],
  { cwd, input = '', env = {} }: TapwattRun,
): Promise<Ended> {
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Runs a command line that ends by itself, in this process: the same code, without the start of another Node. */
export async function runTapwatt(
  args: readonly string[],
  { cwd, input = '', env = {} }: TapwattRun,
): Promise<Ended> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const written = Promise.all([text(stdout), text(stderr)]);
  const code = await runCli({
    argv: args,
    env,
    cwd,
    stdin: Readable.from([Buffer.from(input)]),
    stdout,
    stderr,
    nowMs: () => Date.now(),
    random: (count) => new Uint8Array(randomBytes(count)),
  });
  stdout.end();
  stderr.end();
  const [out, err] = await written;
  return { code, stdout: out, stderr: err };
}
