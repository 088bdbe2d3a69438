import type { Meter } from './meter.ts';

/** A meter as its reader has it: a contactless card, or the far end of a serial line. Bytes only, no transport. */
export interface MeterCard {
  /** The response APDU; `undefined` where none comes, because the meter is without power or loses it over this command. */
  transmit(command: Uint8Array): Uint8Array | undefined;
  /** Loss of field: what was staged on this link is gone. */
  release(): void;
}

/** One link to a meter; what is staged on it concerns no other, so each channel takes a name of its own. */
export const meterCard = (meter: Meter, link: string): MeterCard => ({
  transmit: (command) => meter.exchange(link, command),
  release: () => meter.loseField(link),
});
