import { lineTimeMs } from '@tapwatt/firmware-contracts';
import type { Time } from '../time/time.ts';

/** Lets bytes through one direction of a line as fast as its baud rate does, in their order. */
export interface LinePace {
  /** Calls `arrive` with the bytes, a few at a time, when they would have arrived. */
  pass(bytes: Uint8Array, arrive: (bytes: Uint8Array) => void): void;
}

/** Bytes that arrive together: as many as a UART's buffer holds. */
const PORTION = 16;

/** A pseudo-terminal has no baud rate: this is the one that it lacks. */
export const paceOf = (baudRate: number, time: Time): LinePace => {
  let freeAtMs = 0;
  return {
    pass: (bytes, arrive) => {
      for (let from = 0; from < bytes.length; from += PORTION) {
        const portion = bytes.subarray(from, from + PORTION);
        freeAtMs = Math.max(freeAtMs, time.now()) + lineTimeMs(portion.length, baudRate);
        time.after(freeAtMs - time.now(), () => arrive(portion));
      }
    },
  };
};

/** As fast as the machine. */
export const NO_PACE: LinePace = { pass: (bytes, arrive) => arrive(bytes) };
