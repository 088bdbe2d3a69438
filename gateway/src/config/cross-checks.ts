import { isLineAddress } from '@tapwatt/firmware-contracts';
import type { ConfigFile } from './config-schema.ts';
import type { ReadableLine, SoundPart } from './sound-part.ts';

export interface CrossProblem {
  readonly path: string;
  readonly message: string;
}

interface Rule {
  /** Its groups; where one of them has a mistake the rule would judge what nobody wrote. */
  readonly reads: readonly (keyof ConfigFile)[];
  readonly check: (file: ConfigFile, isSet: (path: string) => boolean) => readonly CrossProblem[];
}

const RULES: readonly Rule[] = [
  { reads: ['policies'], check: amounts },
  { reads: ['mqtt', 'http'], check: ports },
  { reads: ['ledger'], check: identity },
  { reads: ['issuer'], check: issuer },
  { reads: ['telemetry'], check: telemetry },
  { reads: ['profile'], check: (file, isSet) => (file.profile === 'production' ? named(isSet) : []) },
];

/** Rules that look at more than one setting. `isSet` says whether a setting was given at all. */
export function crossChecks(
  { file, broken, lines }: SoundPart,
  isSet: (path: string) => boolean,
): readonly CrossProblem[] {
  const rules = RULES.filter(({ reads }) => !reads.some((group) => broken.has(group)));
  return [...rules.flatMap(({ check }) => check(file, isSet)), ...serial(lines)];
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

function serial(lines: readonly ReadableLine[]): readonly CrossProblem[] {
  const devices = lines.map(({ device }) => device);
  return lines.flatMap((line, index) => [
    ...(line.device !== undefined && devices.indexOf(line.device) < index
      ? [{ path: `links.serial.${index}.device`, message: 'is another line’s as well' }]
      : []),
    ...serialMeters(line, `links.serial.${index}`),
  ]);
}

function serialMeters({ protocol, meters = [] }: ReadableLine, line: string): readonly CrossProblem[] {
  const isForeign = protocol === 'iec62056';
  if (isForeign && meters.length === 0)
    return [{ path: `${line}.meters`, message: 'must name the meters: they cannot be searched for' }];
  const addresses = meters.map((meter) => meter?.address?.toString());
  return meters.flatMap((meter, index) => {
    const problems: string[] = [];
    const address = meter?.address;
    if (protocol === 'tapwatt' && address !== undefined && !isLineAddress(Number(address)))
      problems.push('must have an address from 1 to 247');
    if (address !== undefined && addresses.indexOf(String(address)) < index)
      problems.push('has the address of another one');
    if (isForeign && meter !== undefined && meter.meterId === undefined)
      problems.push('needs meterId, under which its readings are kept');
    return problems.map((message) => ({ path: `${line}.meters.${index}`, message }));
  });
}

/** Names that can never change are chosen, not inherited from the development profile. */
function named(isSet: (path: string) => boolean): readonly CrossProblem[] {
  return ['site', 'ledgerId']
    .filter((path) => !isSet(path))
    .map((path) => ({ path, message: 'must be set in the production profile' }));
}
