import type { Random } from '../time/random.ts';

/** The power drawn at a moment (milliseconds since 1970), in watts. */
export type Load = (nowMs: number) => number;

const DAY_MS = 86_400_000;
const BASE_W = 250;
const SWING_W = 200;
const PEAK_OF_DAY = 0.8; // early evening
const NOISE_W = 400;

/** A household: more in the evening than at night, with a kettle now and then where a source of chance is given. */
export const householdLoad =
  (random?: Random): Load =>
  (nowMs) => {
    const phase = 2 * Math.PI * ((nowMs % DAY_MS) / DAY_MS - PEAK_OF_DAY);
    const noise = random === undefined ? 0 : random.next() ** 3 * NOISE_W;
    return Math.round(BASE_W + SWING_W * Math.cos(phase) + noise);
  };

/** The same power always. */
export const constantLoad =
  (powerW: number): Load =>
  () =>
    powerW;
