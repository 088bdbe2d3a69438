import { concatBytes } from './bytes.ts';
import { TapwattError } from './errors.ts';

/** The application's AID: F0, "TAPWT", 01 (WIRE.md "NFC and serial"). */
export const AID: readonly number[] = [0xf0, 0x54, 0x41, 0x50, 0x57, 0x54, 0x01];

/** Instruction bytes; SELECT has CLA 00, all others CLA 80. */
export const INS = {
  SELECT: 0xa4,
  GET_STATUS: 0x10,
  PUT_VOUCHER: 0x20,
  COMMIT: 0x22,
  GET_RECEIPT: 0x24,
  ACK: 0x28,
  SET_TIME: 0x2a,
} as const;

export type InsName = keyof typeof INS;

const INS_NAMES: ReadonlyMap<number, InsName> = new Map(
  Object.entries(INS).map(([name, ins]) => [ins, name as InsName]),
);

/** The name of a command's instruction; undefined of one that the meter link does not have. */
export const nameOfCommand = (command: Uint8Array): InsName | undefined => INS_NAMES.get(command[1] ?? -1);

/** Status words. */
export const SW = {
  OK: 0x9000,
  WRONG_LENGTH: 0x6700,
  BAD_MAC: 0x6982,
  NOTHING_STAGED: 0x6985,
  BAD_FORMAT: 0x6a80,
  UNKNOWN_AID: 0x6a82,
  NO_SUCH_RECEIPT: 0x6a88,
  UNKNOWN_INS: 0x6d00,
} as const;

/** A command APDU of ISO 7816-4, short form. */
export interface CommandApdu {
  readonly cla: number;
  readonly ins: number;
  readonly p1: number;
  readonly p2: number;
  readonly data: Uint8Array;
  /** Bytes expected back, 1 … 256; 0 = none. */
  readonly le: number;
}

export interface ResponseApdu {
  readonly data: Uint8Array;
  readonly sw: number;
}

/** What a meter says of itself when it is selected. */
export interface SelectedMeter {
  readonly version: number;
  readonly meterId: bigint;
  readonly capabilities: number;
}

const DATA_MAX = 255;
const LE_MAX = 256;
const HEADER_LENGTH = 4;
const SELECTED_LENGTH = 11;
const EMPTY = new Uint8Array(0);
const ANSWERS_DATA: ReadonlySet<number> = new Set([INS.SELECT, INS.GET_STATUS, INS.COMMIT, INS.GET_RECEIPT]);

/** The command for one of the meter link's instructions, with the CLA, P1, P2 and Le that belong to it (SPEC.md "APDUs"). */
export const meterCommand = (name: InsName, data: Uint8Array = EMPTY): CommandApdu => ({
  cla: name === 'SELECT' ? 0x00 : 0x80,
  ins: INS[name],
  p1: name === 'SELECT' ? 0x04 : 0x00,
  p2: 0x00,
  data: name === 'SELECT' ? Uint8Array.from(AID) : data,
  le: ANSWERS_DATA.has(INS[name]) ? LE_MAX : 0,
});

/** The bytes of a command; throws BAD_FORMAT when a part does not fit the short form. */
export const encodeCommand = ({ cla, ins, p1, p2, data, le }: CommandApdu): Uint8Array => {
  const fits = [cla, ins, p1, p2].every(isByte) && data.length <= DATA_MAX && le >= 0 && le <= LE_MAX;
  if (!fits) throw new TapwattError('BAD_FORMAT', 'command: does not fit a short APDU.');
  return concatBytes(
    Uint8Array.of(cla, ins, p1, p2),
    data.length === 0 ? EMPTY : concatBytes(Uint8Array.of(data.length), data),
    le === 0 ? EMPTY : Uint8Array.of(le % LE_MAX),
  );
};

/** Reads a command of any of ISO 7816-4's four short cases; undefined when it is none. */
export const decodeCommand = (apdu: Uint8Array): CommandApdu | undefined => {
  const [cla, ins, p1, p2, p3, ...body] = apdu;
  if (cla === undefined || ins === undefined || p1 === undefined || p2 === undefined) return undefined;
  const head = { cla, ins, p1, p2 };
  if (p3 === undefined) return { ...head, data: EMPTY, le: 0 };
  if (body.length === 0) return { ...head, data: EMPTY, le: p3 === 0 ? LE_MAX : p3 };
  const data = new Uint8Array(apdu.subarray(HEADER_LENGTH + 1, HEADER_LENGTH + 1 + p3));
  if (p3 === 0 || data.length !== p3) return undefined;
  const after = body.length - p3;
  if (after > 1) return undefined;
  const le = body[p3];
  return { ...head, data, le: le === undefined ? 0 : le === 0 ? LE_MAX : le };
};

export const encodeResponse = ({ data, sw }: ResponseApdu): Uint8Array =>
  concatBytes(data, Uint8Array.of(sw >> 8, sw & 0xff));

/** Reads a response; undefined when it is shorter than a status word or longer than a short APDU's. */
export const decodeResponse = (apdu: Uint8Array): ResponseApdu | undefined => {
  const length = apdu.length - 2;
  if (length < 0 || length > LE_MAX) return undefined;
  const [high = 0, low = 0] = apdu.subarray(length);
  return { data: new Uint8Array(apdu.subarray(0, length)), sw: (high << 8) | low };
};

/** The data of a meter's answer to SELECT. */
export const encodeSelected = ({ version, meterId, capabilities }: SelectedMeter): Uint8Array => {
  const view = new DataView(new ArrayBuffer(SELECTED_LENGTH));
  view.setUint8(0, version);
  view.setBigUint64(1, meterId);
  view.setUint16(9, capabilities);
  return new Uint8Array(view.buffer);
};

/** Reads a meter's answer to SELECT; undefined when its length is wrong. */
export const decodeSelected = (data: Uint8Array): SelectedMeter | undefined => {
  if (data.length !== SELECTED_LENGTH) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return { version: view.getUint8(0), meterId: view.getBigUint64(1), capabilities: view.getUint16(9) };
};

const isByte = (value: number): boolean => Number.isInteger(value) && value >= 0 && value <= 0xff;
