import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));

/** The real command line, in a process of its own: the JSON that it prints. Throws what it says where it fails. */
export async function runTapwatt(
  { directory, dataDirectory }: { readonly directory: string; readonly dataDirectory: string },
  args: readonly string[],
): Promise<Record<string, unknown>> {
  const child = spawn(process.execPath, [BIN, ...args, '--data', dataDirectory, '--json'], {
    cwd: directory,
    env: { PATH: process.env.PATH ?? '' },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new Error(`tapwatt ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
