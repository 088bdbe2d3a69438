import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config/load-config.ts';
import { createManualClock } from '../edges/manual-clock.ts';
import { systemRandom } from '../edges/system.ts';
import type { Check, Patient } from './check.ts';
import { checkClock } from './check-clock.ts';
import { checkDaemons } from './check-daemons.ts';
import { checkData } from './check-data.ts';
import { checkDisk } from './check-disk.ts';
import { checkReaders } from './check-readers.ts';
import { checkSerial } from './check-serial.ts';
import { examine } from './examine.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function patient(
  settings: Readonly<Record<string, string>> = {},
  clock = createManualClock(Date.now()),
): Patient {
  const { config } = loadConfig({
    ...{ environment: settings, workingDirectory: directory },
    flags: [{ name: '--data', path: 'data', text: 'data' }],
  });
  const environment = { PCSCLITE_CSOCK_NAME: join(directory, 'nobody') };
  return { config, environment, clock, random: systemRandom, signal: new AbortController().signal };
}
const look = (check: Check, who = patient()) => examine(who, [check]);

describe('an examination', () => {
  it('tells of what failed or hung among what did not', async () => {
    const clock = createManualClock();
    const checks: Check[] = [
      { name: 'broken', run: async () => Promise.reject(new Error('no such device')) },
      { name: 'hanging', run: () => new Promise(() => undefined) },
      { name: 'well', run: async () => [{ what: 'well', state: 'ok', says: 'It is.' }] },
    ];
    const examined = examine(patient({}, clock), checks);
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(12_000);
    expect(await examined).toMatchObject([
      { what: 'broken', state: 'trouble', says: 'no such device' },
      { what: 'hanging', state: 'trouble', says: 'The check did not end in time.' },
      { what: 'well', state: 'ok' },
    ]);
  });
});

describe('of the data directory', () => {
  it('it is no trouble that it is not there yet', async () => {
    expect(await look(checkData)).toMatchObject([{ state: 'note' }]);
    expect(await look(checkDisk)).toMatchObject([{ what: 'disk' }]);
  });

  it('a file in its place is, and nobody is told to own that', async () => {
    await writeFile(join(directory, 'data'), '');
    const remedy = 'Correct data in tapwatt.yaml, or --data.';
    expect(await look(checkData)).toMatchObject([{ state: 'trouble', remedy }]);
  });

  it('a key that others can read is', async () => {
    const keys = join(directory, 'data', 'keys');
    await mkdir(keys, { recursive: true });
    for (const name of ['master.key', 'mqtt.key']) await writeFile(join(keys, name), '', { mode: 0o600 });
    expect(await look(checkData)).toMatchObject([{ state: 'ok' }]);
    await chmod(join(keys, 'master.key'), 0o640);
    expect(await look(checkData)).toMatchObject([{ state: 'ok' }, { what: 'key file', state: 'trouble' }]);
  });
});

describe('of the clock', () => {
  it('a time before Tapwatt, or before its own data, is trouble', async () => {
    expect(await look(checkClock, patient({}, createManualClock(0)))).toMatchObject([{ state: 'trouble' }]);
    const file = join(directory, 'data', 'VERSION');
    await mkdir(join(directory, 'data'));
    await writeFile(file, '1');
    const [well] = await look(checkClock);
    expect(well?.state).not.toBe('trouble');
    expect(well?.state === 'ok' || well?.remedy !== undefined).toBe(true);
    const ahead = new Date(Date.now() + 3_600_000);
    await utimes(file, ahead, ahead);
    expect(await look(checkClock)).toMatchObject([{ state: 'trouble' }]);
  });
});

describe('of readers and daemons', () => {
  it('those that are not there are trouble only where they are wanted, and every trouble has a remedy', async () => {
    const idle = [...(await look(checkDaemons)), ...(await look(checkReaders))];
    expect(idle.map(({ state }) => state)).toEqual(['note', 'note']);
    const wanted = patient({
      TAPWATT_LINKS_NFC_ENABLED: 'true',
      TAPWATT_TELEMETRY_INFLUX_URL: 'http://127.0.0.1:1',
    });
    const troubles = (await look(checkDaemons, wanted)).filter(({ state }) => state === 'trouble');
    expect(troubles.map(({ what }) => what)).toEqual(['pcscd', 'influxdb']);
    expect(troubles.every(({ remedy }) => remedy !== undefined)).toBe(true);
  });
});

describe('of serial ports', () => {
  it('one that is there is well, one that is not or is none is trouble with a remedy', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');
    const devices = ['/dev/null', join(directory, 'away'), file];
    const lines = devices.map((device) => ({ device, meters: [{ address: 1 }] }));
    const found = await look(checkSerial, patient({ TAPWATT_LINKS_SERIAL: JSON.stringify(lines) }));
    const [well, away, none] = found;
    expect(well).toMatchObject({ what: 'serial ports', state: 'ok', says: '/dev/null: tapwatt, 9600 baud.' });
    for (const trouble of [away, none]) expect(trouble).toMatchObject({ state: 'trouble' });
    expect([away?.remedy, none?.remedy].every((remedy) => remedy !== undefined)).toBe(true);
  });

  it('one that is there is well also where nothing can list the others', async () => {
    const { PATH } = process.env;
    process.env.PATH = directory;
    try {
      const lines = [{ device: '/dev/null', meters: [{ address: 1 }] }];
      const found = await look(checkSerial, patient({ TAPWATT_LINKS_SERIAL: JSON.stringify(lines) }));
      expect(found).toMatchObject([
        { state: 'ok' },
        { state: 'note', remedy: expect.stringContaining('Install udev') },
      ]);
    } finally {
      process.env.PATH = PATH;
    }
  });

  it('none is trouble where none is wanted', async () => {
    expect((await look(checkSerial)).filter(({ state }) => state === 'trouble')).toEqual([]);
  });
});
