import { INS, SW } from '../apdu.ts';
import { FRAME_LENGTH } from '../frames/frame.ts';

/** What a character takes on the line: start, eight bits, stop (8N1). */
const CHARACTER_BITS = 10;
const GAP_CHARACTERS = 3.5;
const GAP_MIN_MS = 2;
const AROUND_APDU = 3; // address and CRC
const ENDS = 2;
const SW_LENGTH = 2;
const SELECTED_LENGTH = 11;

/** A meter begins to answer within this time after the end of a command, its commit included, or it does not answer at all. */
export const LINE_ANSWER_WITHIN_MS = 500;

/** How long the line has to be quiet before anybody speaks on it, ms. */
export const lineGapMs = (baudRate: number): number =>
  Math.max(GAP_MIN_MS, Math.ceil((GAP_CHARACTERS * CHARACTER_BITS * 1_000) / baudRate));

/** What `bytes` bytes take on the line, ms. */
export const lineTimeMs = (bytes: number, baudRate: number): number =>
  (bytes * CHARACTER_BITS * 1_000) / baudRate;

const ANSWER_LENGTH: ReadonlyMap<number, number> = new Map([
  [INS.SELECT, SELECTED_LENGTH],
  [INS.GET_STATUS, FRAME_LENGTH.status],
  [INS.COMMIT, FRAME_LENGTH.receipt],
  [INS.GET_RECEIPT, FRAME_LENGTH.receipt],
]);

/** Bytes of data in a good answer to this command APDU; 0 where the status word is all. */
const answerLength = (command: Uint8Array): number => ANSWER_LENGTH.get(command[1] ?? 0) ?? 0;

/** The most bytes that a frame with the answer to this command APDU takes, every one of them escaped. */
export const longestAnswer = (command: Uint8Array): number =>
  ENDS + 2 * (AROUND_APDU + answerLength(command) + SW_LENGTH);

/**
 * Whether these bytes can be a meter's answer to this command APDU: what is none is an echo of the command or a stranger's
 * frame, and the answer may still come (SPEC.md "Serial lines").
 */
export const isAnswerTo = (command: Uint8Array, response: Uint8Array): boolean => {
  const data = response.length - SW_LENGTH;
  const [high = 0, low = 0] = response.subarray(data);
  const sw = (high << 8) | low;
  return data === (sw === SW.OK ? answerLength(command) : 0) && STATUS_WORDS.has(sw);
};

const STATUS_WORDS: ReadonlySet<number> = new Set(Object.values(SW));
