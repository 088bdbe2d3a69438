import type { Edit } from '../sim/mutations/mutation.ts';
import { plantEdits } from '../sim/mutations/plant.ts';

/** What WIRE.md says, and production runs with. */
export const WHOLE_WINDOW = 64;

/** The one number of production that is scaled; all else is its code as it is. */
export const windowOf = (size: number): Edit => ({
  file: 'firmware-contracts/src/meter/window.ts',
  find: `const WINDOW_SIZE = ${WHOLE_WINDOW};`,
  replace: `const WINDOW_SIZE = ${size};`,
});

/** Makes the window of meters and ledger so wide, in this process, before any of production is loaded. */
export function scaleWindow(size: number): void {
  if (size !== WHOLE_WINDOW) plantEdits([windowOf(size)]);
}
