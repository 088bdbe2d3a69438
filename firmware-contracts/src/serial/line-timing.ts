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

interface Answers {
  /** Bytes of data with 9000. */
  readonly length: number;
  /** The status words that this command may be answered with besides 9000 and those of every command. */
  readonly others: readonly number[];
}

const ANSWERS: ReadonlyMap<number, Answers> = new Map<number, Answers>([
  [INS.SELECT, { length: SELECTED_LENGTH, others: [SW.UNKNOWN_AID] }],
  [INS.GET_STATUS, { length: FRAME_LENGTH.status, others: [] }],
  [INS.PUT_VOUCHER, { length: 0, others: [] }],
  [INS.COMMIT, { length: FRAME_LENGTH.receipt, others: [SW.NOTHING_STAGED] }],
  [INS.GET_RECEIPT, { length: FRAME_LENGTH.receipt, others: [SW.NO_SUCH_RECEIPT] }],
  [INS.ACK, { length: 0, others: [SW.BAD_MAC] }],
  [INS.SET_TIME, { length: 0, others: [SW.BAD_MAC] }],
]);

/** Any command may be answered so. */
const ALWAYS: readonly number[] = [SW.WRONG_LENGTH, SW.BAD_FORMAT, SW.UNKNOWN_INS];

const answersOf = (command: Uint8Array): Answers => ANSWERS.get(command[1] ?? 0) ?? { length: 0, others: [] };

/** The most bytes that a frame with the answer to this command APDU takes, every one of them escaped. */
export const longestAnswer = (command: Uint8Array): number =>
  ENDS + 2 * (AROUND_APDU + answersOf(command).length + SW_LENGTH);

/**
 * Whether these bytes can be a meter's answer to this command APDU: what is none is an echo of the command or a stranger's
 * frame, and the answer may still come (SPEC.md "Serial lines").
 */
export const isAnswerTo = (command: Uint8Array, response: Uint8Array): boolean => {
  const at = response.length - SW_LENGTH;
  const [high = 0, low = 0] = response.subarray(at);
  const sw = (high << 8) | low;
  const { length, others } = answersOf(command);
  return sw === SW.OK ? at === length : at === 0 && [...others, ...ALWAYS].includes(sw);
};
