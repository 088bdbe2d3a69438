import type { ChildProcess } from 'node:child_process';

/** Resolves with a child's exit code, or the name of the signal that ended it. */
export const endOf = (child: ChildProcess): Promise<number | NodeJS.Signals> =>
  new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 1));
    child.once('error', () => resolve(1));
  });

/** Asks a child to stop (SIGTERM), and after the deadline makes it (SIGKILL). */
export async function stopChild(
  child: ChildProcess,
  ended: Promise<unknown>,
  deadlineMs: number,
): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
  const forced = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  await ended;
  clearTimeout(forced);
}
