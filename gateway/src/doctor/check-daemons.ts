import { dataLayout } from '../data/layout.ts';
import { isAnswered } from '../data/socket-path.ts';
import { type Deadline, startDeadline } from '../edges/deadline.ts';
import { pcscDaemonTrouble, pcscSocket } from '../links/nfc/pcsc-daemon.ts';
import type { Check, Finding, Patient } from './check.ts';

const INFLUX_MS = 3_000;

/** The programs that the configuration counts on. */
export const checkDaemons: Check = {
  name: 'daemons',
  run: (patient) => Promise.all([gateway(patient), pcsc(patient), ...influx(patient)]),
};

async function gateway({ config }: Patient): Promise<Finding> {
  const { socket } = dataLayout(config.dataDirectory);
  const isThere = await isAnswered(socket);
  const says = isThere ? `It answers at ${socket}.` : 'It is not running.';
  return {
    what: 'gateway',
    state: isThere ? 'ok' : 'note',
    says,
    ...(isThere ? {} : { remedy: 'tapwatt run' }),
  };
}

async function pcsc({ config, environment }: Patient): Promise<Finding> {
  const socket = pcscSocket(environment);
  const trouble = await pcscDaemonTrouble(socket);
  if (trouble === undefined) return { what: 'pcscd', state: 'ok', says: `It answers at ${socket}.` };
  const isWanted = config.links?.nfc.enabled === true;
  const remedy = 'npm run setup:system -- nfc; then start it: systemctl start pcscd.socket';
  return { what: 'pcscd', state: isWanted ? 'trouble' : 'note', says: trouble, remedy };
}

function influx({ config, clock, signal }: Patient): readonly Promise<Finding>[] {
  const url = config.telemetry?.influx.url;
  return url === undefined ? [] : [influxAt(url, startDeadline(clock, INFLUX_MS, signal))];
}

async function influxAt(url: string, { signal, end }: Deadline): Promise<Finding> {
  const what = 'influxdb';
  try {
    const { status } = await fetch(new URL('/ping', url), { signal });
    return { what, state: 'ok', says: `It answers at ${url} (${status}).` };
  } catch {
    const remedy = 'Start it, or correct telemetry.influx.url; readings wait in a queue on disk until then.';
    return { what, state: 'trouble', says: `It does not answer at ${url}.`, remedy };
  } finally {
    end();
  }
}
