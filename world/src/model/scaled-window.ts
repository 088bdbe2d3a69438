import { plantChange } from '../sim/mutations/plant.ts';

/** What WIRE.md says, and production runs with. */
export const WHOLE_WINDOW = 64;

/**
 * Makes the window of meters and ledger so wide, in this process, before any of production is loaded: the constant is
 * changed as its file is read, and all else is production's code as it is.
 */
export function scaleWindow(size: number): void {
  if (size === WHOLE_WINDOW) return;
  plantChange({
    file: 'firmware-contracts/src/meter/window.ts',
    find: `export const WINDOW_SIZE = ${WHOLE_WINDOW};`,
    replace: `export const WINDOW_SIZE = ${size};`,
  });
}
