import { type Deadline, startDeadline } from '../edges/deadline.ts';
import { pcscDaemonTrouble, pcscSocket } from '../links/nfc/pcsc-daemon.ts';
import type { Check, Finding, Patient } from './check.ts';

const INFLUX_MS = 3_000;
/** What /ping says of an InfluxDB that is well: 204, or 200 where it is asked to be verbose. */
const WELL: readonly number[] = [200, 204];

/** The programs that the configuration counts on. */
export const checkDaemons: Check = {
  name: 'daemons',
  run: (patient) => Promise.all([pcsc(patient), ...influx(patient)]),
};

async function pcsc({ config, environment }: Patient): Promise<Finding> {
  const socket = pcscSocket(environment);
  const trouble = await pcscDaemonTrouble(socket);
  if (trouble === undefined) return { what: 'pcscd', state: 'ok', says: `It answers at ${socket}.` };
  const isWanted = config.links?.nfc.enabled === true;
  return {
    what: 'pcscd',
    state: isWanted ? 'trouble' : 'note',
    says: trouble,
    remedy: pcscRemedy(trouble, socket),
  };
}

/** A daemon that is there and lets this user not in wants no other daemon. */
const pcscRemedy = (trouble: string, socket: string): string =>
  /\b(EACCES|EPERM)\b/.test(trouble)
    ? `Let this user in: as a member of the group of ${socket} (usermod -aG GROUP USER, and log in again), or by a polkit rule for org.debian.pcsc-lite.access_pcsc.`
    : 'npm run setup:system -- nfc; then start it: systemctl start pcscd.socket';

function influx({ config, clock, signal }: Patient): readonly Promise<Finding>[] {
  const url = config.telemetry?.influx.url;
  return url === undefined ? [] : [influxAt(url, startDeadline(clock, INFLUX_MS, signal))];
}

async function influxAt(url: string, { signal, end }: Deadline): Promise<Finding> {
  const what = 'influxdb';
  const remedy = 'Start it, or correct telemetry.influx.url; readings wait in a queue on disk until then.';
  try {
    const { status } = await fetch(new URL('/ping', url), { signal, redirect: 'manual' });
    if (WELL.includes(status)) return { what, state: 'ok', says: `It answers at ${url} (${status}).` };
    return {
      what,
      state: 'trouble',
      says: `What answers at ${url} is no InfluxDB that is well (${status}).`,
      remedy,
    };
  } catch {
    return { what, state: 'trouble', says: `It does not answer at ${url}.`, remedy };
  } finally {
    end();
  }
}
