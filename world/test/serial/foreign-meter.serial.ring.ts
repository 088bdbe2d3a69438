import {
  createSerialLink,
  type Measured,
  machinePorts,
  type SerialConfig,
  type SerialEvent,
} from '@tapwatt/gateway';
import { devicePort, ForeignLine, type ForeignRegisters, systemTime } from '@tapwatt/simulator';
import { afterEach, describe, expect, it } from 'vitest';
import { systemEdges } from '../two-sites.ts';
import { until } from '../until.ts';
import { lineConfig } from './line-of-meters.ts';
import { openPtyPair, type PtyPair } from './pty-pair.ts';

const REGISTERS: ForeignRegisters = {
  ...{ energyWh: 4_567_891, powerW: 420, voltageMv: 230_100, currentMa: 1_830, timeS: 1_700_000_000 },
};
const BAUD = '6';
const LONG_MS = 60_000;
const IST_MINUTES = 330;

interface Bench {
  readonly pair: PtyPair;
  readonly readings: Measured[];
  readonly malformed: string[];
  readonly events: SerialEvent[];
}

const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

const open = async (
  meters: SerialConfig['meters'],
  disturb?: (block: Uint8Array) => Uint8Array,
): Promise<Bench> => {
  const pair = await openPtyPair();
  undo.push(() => pair.close());
  const meter = new ForeignLine({
    open: devicePort(pair.far, 9_600, systemTime),
    meter: { manufacturer: 'ISk', device: 'MT174', address: '7', baudCharacter: BAUD },
    ...{ registers: () => REGISTERS, time: systemTime, ...(disturb && { disturb }) },
  });
  meter.start();
  undo.push(() => meter.close());
  const stopping = new AbortController();
  const [readings, malformed, events]: [Measured[], string[], SerialEvent[]] = [[], [], []];
  const link = createSerialLink({
    lines: [{ ...lineConfig(pair.near, 9_600), protocol: 'iec62056', pollIntervalMs: 500, meters }],
    openPort: machinePorts(systemEdges.clock),
    taps: { tap: () => Promise.reject(new Error('no money goes this way')) },
    redemptions: { reachable: () => undefined },
    readings: {
      record: (measured) => readings.push(measured),
      malformed: (meterId) => malformed.push(meterId),
    },
    onEvent: (event) => events.push(event),
    ...{ clock: systemEdges.clock, signal: stopping.signal },
  });
  link.start();
  undo.push(async () => {
    stopping.abort();
    await link.stopped();
  });
  return { pair, readings, malformed, events };
};

const one = (address: string, meterId = '900001') => ({ address, meterId, utcOffsetMinutes: 0 });

const firstReading = ({ readings }: Bench, meterId: string): Promise<Measured> =>
  until(`a reading of ${meterId}`, () => readings.find((reading) => reading.meterId === meterId), LONG_MS);

describe('a meter of another maker', () => {
  it('is read out, by its own clock’s zone, and again', async () => {
    const bench = await open([{ ...one(''), utcOffsetMinutes: IST_MINUTES }]);
    const { timeS, ...values } = REGISTERS;
    expect(await firstReading(bench, '900001')).toMatchObject({
      ...{ link: 'serial', source: 'register', clockTrust: 0, ...values },
      meterTimeS: timeS - IST_MINUTES * 60,
    });
    await until('a second reading', () => bench.readings.length > 1 || undefined, LONG_MS);
    expect(bench.events).toContainEqual({
      ...{ type: 'foreign', device: bench.pair.near, meterId: '900001', what: 'ISk MT174' },
    });
  });

  it('is asked by its address, and one that is not there takes nothing from it', async () => {
    const bench = await open([one('5', '900005'), one('7', '900007')]);
    await firstReading(bench, '900007');
    expect(bench.readings.some(({ meterId }) => meterId === '900005')).toBe(false);
    expect(bench.events).toContainEqual(expect.objectContaining({ meterId: '900005', what: 'silent' }));
  });

  it('is asked again for a block that was damaged', async () => {
    let blocks = 0;
    const bench = await open([one('7')], (block) => {
      blocks += 1;
      return blocks === 1 ? block.with(20, (block[20] ?? 0) ^ 0x03) : block;
    });
    expect(await firstReading(bench, '900001')).toMatchObject({ energyWh: REGISTERS.energyWh });
    expect(bench.malformed).toEqual([]);
  });

  it('whose blocks are all damaged is told to stop, and nothing is taken for a reading', async () => {
    const bench = await open([one('7')], (block) => block.with(20, (block[20] ?? 0) ^ 0x01));
    await until('it to be found out', () => bench.malformed[0], LONG_MS);
    expect(bench.readings).toEqual([]);
  });

  it('is read again after its head was pulled out and put back', async () => {
    const bench = await open([one('')]);
    await firstReading(bench, '900001');
    await bench.pair.cut();
    bench.readings.splice(0);
    await bench.pair.mend();
    await firstReading(bench, '900001');
  });
});
