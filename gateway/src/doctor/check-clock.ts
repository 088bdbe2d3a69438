import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Check, Finding, Patient } from './check.ts';

/** Nothing of Tapwatt was run before: an earlier clock has lost its battery. */
const NOT_BEFORE_MS = Date.UTC(2025, 0, 1);
/** Files from the future, beyond what a correction of the clock explains, ms. */
const AHEAD_MS = 120_000;
const ASK_MS = 3_000;

/** The clock: meters are set by it, and Fabric refuses what is dated wrongly. No money decision looks at it. */
export const checkClock: Check = {
  name: 'clock',
  async run(patient) {
    const nowMs = patient.clock.nowMs();
    const at = new Date(nowMs).toISOString();
    const remedy = 'Set the clock, and keep it with NTP (Debian: apt-get install systemd-timesyncd).';
    if (nowMs < NOT_BEFORE_MS) return [{ what: 'clock', state: 'trouble', says: `It says ${at}.`, remedy }];
    const newestMs = await newestFile(patient.config.dataDirectory);
    if (newestMs > nowMs + AHEAD_MS) {
      const says = `It says ${at}, and files of the data directory are from ${new Date(newestMs).toISOString()}.`;
      return [{ what: 'clock', state: 'trouble', says, remedy }];
    }
    return [await synchronised(patient, at, remedy)];
  },
};

async function newestFile(directory: string): Promise<number> {
  const names = await readdir(directory).catch(() => []);
  const times = names.map((name) =>
    stat(join(directory, name)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return Math.max(0, ...(await Promise.all(times)));
}

async function synchronised({ signal }: Patient, at: string, remedy: string): Promise<Finding> {
  const what = 'clock';
  try {
    const asked = promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'], {
      ...{ timeout: ASK_MS, signal },
    });
    const { stdout } = await asked;
    if (stdout.trim() === 'yes') return { what, state: 'ok', says: `It says ${at}, and is kept by NTP.` };
    return { what, state: 'note', says: `It says ${at}; nothing keeps it.`, remedy };
  } catch {
    const says = `It says ${at}; whether something keeps it cannot be told here.`;
    return { what, state: 'note', says, remedy };
  }
}
