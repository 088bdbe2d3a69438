import { readFileSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';

/** A process that we started, told from a later one with its number by the moment it began. */
export interface KnownProcess {
  readonly pid: number;
  /** The kernel's clock ticks since boot; empty where the system does not tell. */
  readonly began: string;
}

/** Which processes of a network were started, by name. */
export type ProcessTable = Readonly<Record<string, KnownProcess>>;

export async function readProcesses(file: string): Promise<ProcessTable> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ProcessTable;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

export async function writeProcesses(file: string, table: ProcessTable): Promise<void> {
  await writeFile(`${file}.new`, `${JSON.stringify(table, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

export const knownProcess = (pid: number): KnownProcess => ({ pid, began: beganAt(pid) ?? '' });

/** Whether it still runs; another process that got its number since does not count. */
export function isRunning({ pid, began }: KnownProcess): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const now = beganAt(pid);
  return now === undefined || began === '' || now === began;
}

/** Of a process on Linux: the 22nd field of its stat; undefined for one that has ended and only waits to be noticed. */
function beganAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? 'ended' : fields[18];
  } catch {
    return undefined;
  }
}
