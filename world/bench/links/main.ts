import type { Say } from '../bench-town.ts';
import { inTurn, partsOf } from '../parts.ts';
import { benchNfc } from './nfc/main.ts';
import { benchReadings } from './readings/main.ts';
import { benchSerial } from './serial.ts';

const PARTS = { readings: benchReadings, nfc: benchNfc, serial: benchSerial };

/** Figures of the ways to the meter and back, one part after another. Throws a plain Error for a part that does not exist. */
export function benchLinks(say: Say, size: number | undefined, names: readonly string[]) {
  const parts = partsOf('links', PARTS, names);
  return inTurn(parts, say, (part) => PARTS[part](say, size));
}
