import type { Say } from '../bench-town.ts';
import { benchNfc } from './nfc/main.ts';
import { benchReadings } from './readings/main.ts';
import { benchSerial } from './serial.ts';

const PARTS = { readings: benchReadings, nfc: benchNfc, serial: benchSerial };
type Part = keyof typeof PARTS;

const isPart = (name: string): name is Part => name in PARTS;

/** Figures of the ways to the meter and back, one part after another. Throws a plain Error for a part that does not exist. */
export async function benchLinks(say: Say, size: number | undefined, names: readonly string[]) {
  const unknown = names.find((name) => !isPart(name));
  if (unknown !== undefined)
    throw new Error(`links ${unknown}: it is one of ${Object.keys(PARTS).join(', ')}.`);
  const parts = names.length === 0 ? (Object.keys(PARTS) as Part[]) : names.filter(isPart);
  const report: Record<string, unknown> = {};
  for (const part of parts) {
    say(`${part}:`);
    report[part] = await PARTS[part](say, size);
  }
  return report;
}
