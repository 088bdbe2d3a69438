import { spawnSync } from 'node:child_process';

const DEADLINE_MS = 10 * 60_000;

/** Runs it with its output shown; why it failed, or `undefined` where it did not. */
export function commandTrouble(program: string, words: readonly string[]): string | undefined {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { error, status, signal } = spawnSync(program, words, {
    ...{ stdio: ['ignore', 'inherit', 'inherit'], timeout: DEADLINE_MS, env },
  });
  if (status === 0) return undefined;
  const how = error?.message ?? (status === null ? `ended by ${signal}` : `exit ${status}`);
  return `${program} ${words.join(' ')} failed (${how})`;
}
