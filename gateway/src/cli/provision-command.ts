import { resolve } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { provisionFleet } from './provision-fleet.ts';
import { type CommonOptions, readConfig, type Session } from './session.ts';

const MAX_METERS = 100_000;
const MAX_HANDSETS = 1_000;

interface ProvisionCommandOptions extends CommonOptions {
  readonly meters: string;
  readonly handsets: string;
  readonly fleet: string;
  readonly mqttPort?: string;
}

/** `dev provision`: everything that a trial needs, at a running gateway of the development profile. */
export async function provision(session: Session, options: ProvisionCommandOptions): Promise<void> {
  const { config } = await readConfig(session.edges, options);
  if (config.profile !== 'development') {
    throw new TapwattError('FORBIDDEN', 'Made-up meters and money belong to the development profile only.');
  }
  const fleetFile = resolve(session.edges.cwd, options.fleet);
  const fleet = await provisionFleet({
    dataDirectory: config.dataDirectory,
    broker: { host: config.mqtt.host, port: config.mqtt.port },
    meters: countOf('--meters', options.meters, MAX_METERS),
    handsets: countOf('--handsets', options.handsets, MAX_HANDSETS),
    fleetFile,
    onProgress: (step, done, of) => session.out.progress(`${done} of ${of} ${step}`, done === of),
  });
  const counts = { meters: fleet.meters.length, handsets: fleet.handsets.length };
  session.out.data(
    { fleet: fleetFile, ...counts },
    `${counts.meters} meters and ${counts.handsets} handsets are in ${fleetFile}.`,
  );
}

function countOf(flag: string, text: string, max: number): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
  if (count >= 1 && count <= max) return count;
  throw new TapwattError('BAD_REQUEST', `${flag}: a number from 1 to ${max}`);
}
