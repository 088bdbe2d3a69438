import { readFile } from 'node:fs/promises';

/** Clock ticks of /proc on every Linux that runs Node. */
const TICKS_PER_SECOND = 100;
const UTIME = 13;
const STIME = 14;

/** CPU seconds that a process has used (Linux). */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name in brackets may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[UTIME - 2]) + Number(fields[STIME - 2])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB (Linux). */
export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}
