import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Layout } from './layout.ts';
import { NetworkError } from './network-error.ts';
import type { NodeCommand } from './node-commands.ts';
import {
  isRunning,
  type KnownProcess,
  knownProcess,
  type ProcessTable,
  readProcesses,
  writeProcesses,
} from './process-table.ts';
import { until } from './until.ts';

const STOP_DEADLINE_MS = 10_000;

/** Starts what does not run yet; answers all of them. They go on when this process ends. */
export async function startProcesses(
  commands: readonly NodeCommand[],
  layout: Layout,
): Promise<ProcessTable> {
  let table = await readProcesses(layout.processesFile());
  for (const command of commands) {
    const known = table[command.name];
    if (known !== undefined && isRunning(known)) continue;
    table = { ...table, [command.name]: await start(command, layout) };
    await writeProcesses(layout.processesFile(), table);
  }
  return table;
}

async function start(command: NodeCommand, layout: Layout): Promise<KnownProcess> {
  const { name, program, args, workingDirectory, environment } = command;
  const logFile = layout.log(name);
  await mkdir(dirname(logFile), { recursive: true, mode: 0o700 });
  await mkdir(layout.data(name), { recursive: true, mode: 0o700 });
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn(program, args, {
      cwd: workingDirectory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', log.fd, log.fd],
      detached: true,
    });
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    child.unref();
    return knownProcess(pid);
  } finally {
    await log.close();
  }
}

/** Asks all that run to stop, and ends for good what does not within ten seconds. Answers how many ran. */
export async function stopProcesses(layout: Layout): Promise<number> {
  const running = Object.values(await readProcesses(layout.processesFile())).filter(isRunning);
  for (const { pid } of running) send(pid, 'SIGTERM');
  const allEnded = () => !running.some(isRunning);
  if (!(await until(allEnded, STOP_DEADLINE_MS))) {
    for (const known of running.filter(isRunning)) send(known.pid, 'SIGKILL');
    if (!(await until(allEnded, STOP_DEADLINE_MS))) {
      const left = running.filter(isRunning).map(({ pid }) => pid);
      throw new NetworkError('failed', `Processes ${left.join(', ')} do not end.`);
    }
  }
  await writeProcesses(layout.processesFile(), {});
  return running.length;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended by itself.
  }
}
