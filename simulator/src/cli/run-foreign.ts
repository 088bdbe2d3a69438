import { ForeignLine } from '../foreign/foreign-line.ts';
import type { ForeignRegisters } from '../foreign/foreign-meter.ts';
import { devicePort } from '../serial/device-port.ts';
import { systemTime } from '../time/time.ts';
import type { ForeignOptions } from './options.ts';
import type { Output } from './output.ts';
import { aborted } from './run.ts';

const POWER_W = 640;
const VOLTAGE_MV = 230_100;
const HOUR_MS = 3_600_000;
const START_WH = 1_234_567;
const PORT_BAUD = 9_600;

/** Runs a meter of another maker, which draws the same power all the time, until `signal` aborts. */
export const runForeign = async (
  options: ForeignOptions,
  output: Output,
  signal: AbortSignal,
): Promise<void> => {
  const startedMs = systemTime.now();
  const registers = (): ForeignRegisters => ({
    energyWh: START_WH + Math.floor(((systemTime.now() - startedMs) * POWER_W) / HOUR_MS),
    powerW: POWER_W,
    voltageMv: VOLTAGE_MV,
    currentMa: Math.round((POWER_W * 1_000_000) / VOLTAGE_MV),
    timeS: Math.floor(systemTime.now() / 1_000),
  });
  const { serial, address, baud } = options;
  const meter = { manufacturer: 'TWS', device: 'SIM1', address, baudCharacter: String(baud) };
  const line = new ForeignLine({
    open: devicePort(serial, PORT_BAUD, systemTime),
    ...{ meter, registers, time: systemTime },
  });
  line.start();
  output.narrate(`A foreign meter answers on ${serial}. Stop with Ctrl-C.`);
  await aborted(signal);
  await line.close();
};
