import { isLineAddress } from '@tapwatt/firmware-contracts';
import type { ConfigFile } from './config-schema.ts';

export interface CrossProblem {
  readonly path: string;
  readonly message: string;
}

/** Rules that look at more than one setting. `isSet` says whether a setting was given at all. */
export function crossChecks(file: ConfigFile, isSet: (path: string) => boolean): readonly CrossProblem[] {
  return [
    ...amounts(file),
    ...ports(file),
    ...identity(file),
    ...issuer(file),
    ...telemetry(file),
    ...serial(file),
    ...(file.profile === 'production' ? named(isSet) : []),
  ];
}

function amounts({ policies }: ConfigFile): readonly CrossProblem[] {
  if (policies.minAmountMinor <= policies.maxAmountMinor) return [];
  return [{ path: 'policies.minAmountMinor', message: 'must not be above policies.maxAmountMinor' }];
}

function ports({ mqtt, http }: ConfigFile): readonly CrossProblem[] {
  if (mqtt.external !== undefined || http.port === 0 || http.port !== mqtt.port) return [];
  return [{ path: 'http.port', message: 'must be another port than mqtt.port' }];
}

function issuer(file: ConfigFile): readonly CrossProblem[] {
  if (file.issuer.url === undefined) return [];
  return (['ca', 'certificate', 'key'] as const)
    .filter((name) => file.issuer[name] === undefined)
    .map((name) => ({ path: 'issuer.url', message: `needs issuer.${name} as well` }));
}

function telemetry({ telemetry: { keep, influx } }: ConfigFile): readonly CrossProblem[] {
  const problems: CrossProblem[] = [];
  if (keep.hourlyDays < keep.rawDays) {
    problems.push({ path: 'telemetry.keep.hourlyDays', message: 'must not be below telemetry.keep.rawDays' });
  }
  if (keep.dailyDays < keep.hourlyDays) {
    problems.push({
      path: 'telemetry.keep.dailyDays',
      message: 'must not be below telemetry.keep.hourlyDays',
    });
  }
  return [...problems, ...influxUser(influx)];
}

/** A user has a password, and a database to show it to. */
function influxUser(influx: ConfigFile['telemetry']['influx']): readonly CrossProblem[] {
  const [given] = (['username', 'passwordFile'] as const).filter((name) => influx[name] !== undefined);
  if (given === undefined) return [];
  return (['url', 'username', 'passwordFile'] as const)
    .filter((name) => influx[name] === undefined)
    .map((name) => ({
      path: `telemetry.influx.${given}`,
      message: `needs telemetry.influx.${name} as well`,
    }));
}

function identity({ ledger }: ConfigFile): readonly CrossProblem[] {
  const { certificate, key } = ledger.fabric;
  if ((certificate === undefined) === (key === undefined)) return [];
  const [path, other] = certificate === undefined ? ['key', 'certificate'] : ['certificate', 'key'];
  return [{ path: `ledger.fabric.${path}`, message: `needs ledger.fabric.${other} as well` }];
}

function serial({ links }: ConfigFile): readonly CrossProblem[] {
  const devices = links.serial.map(({ device }) => device);
  return links.serial.flatMap((line, index) => [
    ...(devices.indexOf(line.device) < index
      ? [{ path: `links.serial.${index}.device`, message: 'is another line’s as well' }]
      : []),
    ...serialMeters(line, `links.serial.${index}`),
  ]);
}

type SerialLine = ConfigFile['links']['serial'][number];

function serialMeters({ protocol, meters }: SerialLine, line: string): readonly CrossProblem[] {
  const isForeign = protocol === 'iec62056';
  const none = isForeign && meters.length === 0;
  const addresses = meters.map(({ address }) => String(address));
  return [
    ...(none
      ? [{ path: `${line}.meters`, message: 'must name the meters: they cannot be searched for' }]
      : []),
    ...meters.flatMap(({ address, meterId }, index) => {
      const problems: string[] = [];
      if (!isForeign && !isLineAddress(Number(address))) problems.push('must have an address from 1 to 247');
      if (addresses.indexOf(String(address)) < index) problems.push('has the address of another one');
      if (isForeign && meterId === undefined)
        problems.push('needs meterId, under which its readings are kept');
      return problems.map((message) => ({ path: `${line}.meters.${index}`, message }));
    }),
  ];
}

/** Names that can never change are chosen, not inherited from the development profile. */
function named(isSet: (path: string) => boolean): readonly CrossProblem[] {
  return ['site', 'ledgerId']
    .filter((path) => !isSet(path))
    .map((path) => ({ path, message: 'must be set in the production profile' }));
}
