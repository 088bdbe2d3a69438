import { readdirSync, readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const READERS_PROGRAM = 'links/nfc/process/main.ts';

export interface Resources {
  readonly heapMb: number;
  readonly rssMb: number;
  readonly handles: number;
}

const megabytes = (bytes: number): number => Math.round((bytes / 2 ** 20) * 10) / 10;
const handlesOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

/** Memory and open files of this process, with the gateway and all simulated devices, and of the process of the readers. */
export function resourcesOf(): {
  readonly gateway: Resources;
  readonly readers: Omit<Resources, 'heapMb'> | undefined;
} {
  setFlagsFromString('--expose_gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, rss } = process.memoryUsage();
  const gateway = { heapMb: megabytes(heapUsed), rssMb: megabytes(rss), handles: handlesOf(process.pid) };
  return { gateway, readers: readersProcess() };
}

function readersProcess(): Omit<Resources, 'heapMb'> | undefined {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const pid = pids.find((name) => commandOf(name).includes(READERS_PROGRAM));
  if (pid === undefined) return undefined;
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { rssMb: megabytes(Number(kilobytes) * 1_024), handles: handlesOf(Number(pid)) };
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
