import type { LineFrame } from '@tapwatt/firmware-contracts';
import type { Random } from '../time/random.ts';

/** Bytes that go onto the line, and how much later than they should. */
export interface Spoken {
  readonly bytes: Uint8Array;
  readonly delayMs: number;
}

/** How a line and what hangs on it misbehave; what is not overridden passes as it is. */
export interface LineBehaviour {
  /** The reader's transceiver hears what it says itself. */
  readonly echoes?: boolean;
  /** Bytes on their way to the meters. */
  readonly heard?: (bytes: Uint8Array) => Uint8Array;
  /** A command that arrived whole: taken so many times, or not at all. */
  readonly command?: (frame: LineFrame) => readonly LineFrame[];
  /** A meter's answer on its way to the reader. */
  readonly said?: (bytes: Uint8Array) => readonly Spoken[];
}

/** A line that does everything right. */
export const GOOD_LINE: LineBehaviour = {};

const asItIs = (bytes: Uint8Array): readonly Spoken[] => [{ bytes, delayMs: 0 }];

/** Flips a bit of each byte, both ways, with the given probability. */
export const noisyLine = (probability: number, random: Random): LineBehaviour => {
  const disturbed = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte) => (random.next() < probability ? byte ^ (1 << random.below(8)) : byte));
  return { heard: disturbed, said: (bytes) => asItIs(disturbed(bytes)) };
};

/** Loses whole frames: `isLost` is asked for each, commands and answers in their order, from 0. */
export const losingLine = (isLost: (index: number) => boolean): LineBehaviour => {
  let index = 0;
  return {
    command: (frame) => (isLost(index++) ? [] : [frame]),
    said: (bytes) => (isLost(index++) ? [] : asItIs(bytes)),
  };
};

/** Meters hear every command so many times: each answer after the first is one too many. */
export const repeatingLine = (times: number): LineBehaviour => ({
  command: (frame) => Array.from({ length: times }, () => frame),
});

/** Meters answer so much later. */
export const slowLine = (delayMs: number): LineBehaviour => ({ said: (bytes) => [{ bytes, delayMs }] });
