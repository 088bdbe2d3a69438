import { DAY_MS, HOUR_MS, lengthMs, type SumResolution } from '../store.ts';
import { MEASUREMENT } from './points.ts';

export const RAW_POLICY = 'raw';
const POLICY_OF = { hour: 'hourly', day: 'daily' } as const satisfies Record<SumResolution, string>;

export interface KeepDays {
  readonly rawDays: number;
  readonly hourlyDays: number;
  readonly dailyDays: number;
}

export interface Policy {
  readonly name: string;
  readonly days: number;
}

/** How long what is kept. */
export const policies = (keep: KeepDays): readonly Policy[] => [
  { name: RAW_POLICY, days: keep.rawDays },
  { name: POLICY_OF.hour, days: keep.hourlyDays },
  { name: POLICY_OF.day, days: keep.dailyDays },
];

/** What an hour's readings come to, and a day's of the hours: the members of a sum under the same names. */
const SUMS = {
  hour: [
    'count(energyWh) AS readings',
    'first(energyWh) AS firstWh',
    'last(energyWh) AS lastWh',
    'count(powerW) AS powers',
    'sum(powerW) AS powerSumW',
    'max(powerW) AS maxPowerW',
    'last(balance) AS balance',
  ],
  day: [
    'sum(readings) AS readings',
    'first(firstWh) AS firstWh',
    'last(lastWh) AS lastWh',
    'sum(powers) AS powers',
    'sum(powerSumW) AS powerSumW',
    'max(maxPowerW) AS maxPowerW',
    'last(balance) AS balance',
  ],
} as const satisfies Record<SumResolution, readonly string[]>;

const STEP = { hour: '1h', day: '1d' } as const;
/**
 * Late readings within this time are summed by the database itself, what is older by `sumAgain`. One step less than `AGAIN`
 * names, for it counts back from the end of the step that has only begun.
 */
export const SUMMED_AGAIN_MS = { hour: 2 * HOUR_MS, day: DAY_MS } as const;
const AGAIN = { hour: 'EVERY 30m FOR 3h', day: 'EVERY 1h FOR 2d' } as const;

export interface ContinuousQuery {
  readonly name: string;
  readonly statement: string;
}

/** The database's own down-sampling, written as it writes them itself, so that a change can be seen. */
export const continuousQueries = (database: string): readonly ContinuousQuery[] =>
  (['hour', 'day'] as const).map((resolution) => {
    const name = `tapwatt_${POLICY_OF[resolution]}`;
    const select = `${into(database, resolution)} GROUP BY time(${STEP[resolution]}), meter`;
    return {
      name,
      statement: `CREATE CONTINUOUS QUERY ${name} ON "${database}" RESAMPLE ${AGAIN[resolution]} BEGIN ${select} END`,
    };
  });

function into(database: string, resolution: SumResolution): string {
  const from = resolution === 'hour' ? RAW_POLICY : POLICY_OF.hour;
  const [source, target] = [from, POLICY_OF[resolution]].map(
    (policy) => `"${database}".${policy}.${MEASUREMENT}`,
  );
  return `SELECT ${SUMS[resolution].join(', ')} INTO ${target} FROM ${source}`;
}

export interface MetersAndTime {
  readonly meters: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Sums hours or days of some meters once more. Whole ones: a part would replace the sum of the whole. */
export function sumAgain(database: string, resolution: SumResolution, of: MetersAndTime): string {
  const stepMs = lengthMs(resolution);
  const [fromMs, toMs] = [Math.floor(of.fromMs / stepMs) * stepMs, Math.ceil(of.toMs / stepMs) * stepMs];
  const meters = `meter =~ /^(${of.meters.map(safe).join('|')})$/`;
  const where = `time >= ${fromMs}ms AND time < ${toMs}ms AND ${meters}`;
  return `${into(database, resolution)} WHERE ${where} GROUP BY time(${STEP[resolution]}), meter`;
}

interface MeterAndTime {
  readonly meterId: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const within = ({ meterId, fromMs, toMs }: MeterAndTime): string =>
  `meter = '${safe(meterId)}' AND time >= ${Math.ceil(fromMs)}ms AND time < ${Math.ceil(toMs)}ms`;

/** A meter's points, oldest first. */
export const selectRaw = (of: MeterAndTime, limit: number): string =>
  `SELECT * FROM ${RAW_POLICY}.${MEASUREMENT} WHERE ${within(of)} ORDER BY time ASC LIMIT ${limit}`;

/** Sums that the database has made. */
export const selectSums = (of: MeterAndTime, resolution: SumResolution): string =>
  `SELECT * FROM ${POLICY_OF[resolution]}.${MEASUREMENT} WHERE ${within(of)} ORDER BY time ASC`;

/** Sums of the points themselves, late ones included. */
export const sumRaw = (of: MeterAndTime, resolution: SumResolution): string =>
  `SELECT ${SUMS.hour.join(', ')} FROM ${RAW_POLICY}.${MEASUREMENT} WHERE ${within(of)} GROUP BY time(${STEP[resolution]}) fill(none)`;

/** A name goes into a statement as it is, so it must be one. */
function safe(name: string): string {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name)) return name;
  throw new Error(`"${name}" is no name of a meter`);
}
