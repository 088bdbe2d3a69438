import { type InsName, nameOfCommand } from '@tapwatt/firmware-contracts';
import { type CardInField, type Meter, meterCard } from '@tapwatt/simulator';

/** The answer to the last command is on its way for so long at most, ms. */
const LAST_ANSWER_MS = 30;

export interface TapTimes {
  readonly commands: readonly InsName[];
  /** From the arrival of the first command to the answer of the last one. */
  readonly wholeMs: number;
  /** Of that, inside the card. */
  readonly cardMs: number;
}

/**
 * A meter at a reader that is timed from the meter's side, and taken away after so many commands: so the acknowledgement
 * of what it brings comes at its next tap only, and a tap has every kind of command.
 */
export function timedCard(meter: Meter, commands: number, lose: () => void) {
  const card = meterCard(meter, 'bench');
  const said: InsName[] = [];
  let firstMs: number | undefined;
  let lastMs = 0;
  let cardMs = 0;
  const inField: CardInField = {
    transmit(command) {
      if (said.length >= commands) return undefined;
      const startMs = performance.now();
      firstMs ??= startMs;
      const response = card.transmit(command);
      lastMs = performance.now();
      cardMs += lastMs - startMs;
      said.push(nameOfCommand(command) ?? 'SELECT');
      if (said.length === commands) setTimeout(lose, LAST_ANSWER_MS);
      return response;
    },
    release: () => card.release(),
  };
  const times = (): TapTimes => ({ commands: said, wholeMs: lastMs - (firstMs ?? lastMs), cardMs });
  return { inField, times };
}
