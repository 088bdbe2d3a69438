import {
  AID,
  type CommandApdu,
  decodeCommand,
  encodeResponse,
  encodeSelected,
  FRAME_LENGTH,
  type Ignored,
  INS,
  receiptFromRing,
  SW,
  statusOf,
  WIRE_VERSION,
} from '@tapwatt/firmware-contracts';
import { type DeviceState, meterClock } from './device-state.ts';
import { type DeviceEffect, publish, type Stepped } from './effects.ts';
import { stateBits } from './state-bits.ts';
import { takeAck, takeTime, takeVoucher } from './take-frame.ts';

interface Said {
  readonly state: DeviceState;
  readonly effects?: readonly DeviceEffect[];
  readonly data?: Uint8Array;
  readonly sw: number;
}

interface Asked {
  readonly link: string;
  readonly data: Uint8Array;
  readonly nowS: number;
}

interface Instruction {
  readonly cla: number;
  readonly p1: number;
  /** Bytes of command data; SELECT's are compared, not counted. */
  readonly length?: number;
  readonly run: (state: DeviceState, asked: Asked) => Said;
}

/** Links with a voucher staged at one time; beyond it the oldest has to put its voucher again. */
const MAX_STAGED = 8;
const NO_CAPABILITIES = 0;
const BY_COURIER = 1;
const RECEIPT_NO_LENGTH = 4;

const without = ({ staged, ...state }: DeviceState, link: string): DeviceState => ({
  ...state,
  staged: staged.has(link) ? new Map([...staged].filter(([other]) => other !== link)) : staged,
});

const select = (state: DeviceState, { link, data }: Asked): Said => {
  const idle = without(state, link);
  const isOurs = data.length === AID.length && AID.every((byte, index) => byte === data[index]);
  if (!isOurs) return { state: idle, sw: SW.UNKNOWN_AID };
  const { meterId } = state.meter;
  const selected = { version: WIRE_VERSION, meterId, capabilities: NO_CAPABILITIES };
  return { state: idle, data: encodeSelected(selected), sw: SW.OK };
};

const status = (state: DeviceState, { nowS }: Asked): Said => {
  const frame = statusOf(state.meter, {
    stateBits: stateBits(state, nowS),
    meterTime: meterClock(state, nowS).now,
  });
  return { state, data: frame, sw: SW.OK };
};

const put = (state: DeviceState, { link, data }: Asked): Said => {
  const staged = new Map([...without(state, link).staged, [link, data] as const].slice(-MAX_STAGED));
  return { state: { ...state, staged }, sw: SW.OK };
};

/** A meter that is on MQTT as well says a new receipt there too: its gateway need not wait for the courier. */
const commit = (state: DeviceState, { link, nowS }: Asked): Said => {
  const voucher = state.staged.get(link);
  if (voucher === undefined) return { state, sw: SW.NOTHING_STAGED };
  const taken = takeVoucher(without(state, link), voucher, nowS);
  const { receipt, committed } = taken.answer;
  const told = committed && state.isOnline ? [publish('rcpt', receipt)] : [];
  return { state: taken.state, effects: [...taken.effects, ...told], data: receipt, sw: SW.OK };
};

const receipt = (state: DeviceState, { data }: Asked): Said => {
  const receiptNo = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0);
  const found = receiptFromRing(state.meter, receiptNo);
  return found === undefined ? { state, sw: SW.NO_SUCH_RECEIPT } : { state, data: found, sw: SW.OK };
};

const ignoredSw = (ignored: Ignored | undefined): number => {
  switch (ignored) {
    case 'BAD_FORMAT':
      return SW.BAD_FORMAT;
    case 'BAD_MAC':
      return SW.BAD_MAC;
    // A courier that delivers twice has done nothing wrong.
    case 'STALE':
    case undefined:
      return SW.OK;
    default:
      return ignored satisfies never;
  }
};

const acknowledge = (state: DeviceState, { data }: Asked): Said => {
  const taken = takeAck(state, data);
  const effects = taken.effects.filter(({ type }) => type !== 'publish' || state.isOnline);
  return { state: taken.state, effects, sw: ignoredSw(taken.answer.ignored) };
};

const setTime = (state: DeviceState, { data, nowS }: Asked): Said => {
  const taken = takeTime(state, data, { nowS, trust: BY_COURIER });
  return { state: taken.state, effects: taken.effects, sw: ignoredSw(taken.answer.ignored) };
};

const INSTRUCTIONS: ReadonlyMap<number, Instruction> = new Map([
  [INS.SELECT, { cla: 0x00, p1: 0x04, run: select }],
  [INS.GET_STATUS, { cla: 0x80, p1: 0x00, length: 0, run: status }],
  [INS.PUT_VOUCHER, { cla: 0x80, p1: 0x00, length: FRAME_LENGTH.voucher, run: put }],
  [INS.COMMIT, { cla: 0x80, p1: 0x00, length: 0, run: commit }],
  [INS.GET_RECEIPT, { cla: 0x80, p1: 0x00, length: RECEIPT_NO_LENGTH, run: receipt }],
  [INS.ACK, { cla: 0x80, p1: 0x00, length: FRAME_LENGTH.acknowledgement, run: acknowledge }],
  [INS.SET_TIME, { cla: 0x80, p1: 0x00, length: FRAME_LENGTH.timeOrder, run: setTime }],
]);

const said = (state: DeviceState, command: CommandApdu | undefined, asked: Omit<Asked, 'data'>): Said => {
  if (command === undefined) return { state, sw: SW.WRONG_LENGTH };
  const instruction = INSTRUCTIONS.get(command.ins);
  if (instruction === undefined || instruction.cla !== command.cla) return { state, sw: SW.UNKNOWN_INS };
  const { p1, length } = instruction;
  if (command.p1 !== p1 || command.p2 !== 0) return { state, sw: SW.BAD_FORMAT };
  if (length !== undefined && length !== command.data.length) return { state, sw: SW.WRONG_LENGTH };
  return instruction.run(state, { ...asked, data: command.data });
};

/** A meter's answer to a command APDU (WIRE.md "NFC and serial: the meter link commands"); it always has one. */
export const answerCommand = (
  state: DeviceState,
  { link, apdu }: { readonly link: string; readonly apdu: Uint8Array },
  nowS: number,
): Stepped => {
  const { state: after, effects = [], data, sw } = said(state, decodeCommand(apdu), { link, nowS });
  const response = encodeResponse({ data: data ?? new Uint8Array(0), sw });
  return { state: after, effects: [...effects, { type: 'respond', link, response }] };
};

/** What a link has staged goes with its field. */
export const loseField = without;
