import { writeSync } from 'node:fs';
import { systemClock } from '../../edges/system.ts';
import { openInfluxStore } from '../influx/influx-store.ts';
import { createLosses } from '../losses.ts';
import { reading } from './measured.ts';

/**
 * A process to be killed: appends readings one by one for an InfluxDB at `url`, and writes each energy to stdout as soon as
 * it is kept, not before. Arguments: url, queue directory, first energy, Unix milliseconds of the first reading.
 */
const [url = '', queueDirectory = '', first = '0', atMs = '0'] = process.argv.slice(2);
const STDOUT = 1;

const store = await openInfluxStore(
  {
    target: { url, database: 'tapwatt', username: undefined, password: undefined },
    keep: { rawDays: 14, hourlyDays: 100, dailyDays: 3_650 },
    queueDirectory,
    maxQueueBytes: 1 << 30,
    pace: { everyMs: 20, firstRetryMs: 20, longestRetryMs: 100 },
  },
  { clock: systemClock, losses: createLosses(systemClock, () => undefined), onError: () => undefined },
);
for (let energyWh = Number(first); ; energyWh += 1) {
  await store.append([reading({ atMs: Number(atMs) + energyWh, energyWh })]);
  writeSync(STDOUT, `${energyWh}\n`);
}
