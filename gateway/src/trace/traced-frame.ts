import {
  decodeCommand,
  decodeFrame,
  decodeSelected,
  type FrameJson,
  type FrameType,
  type InsName,
  nameOfCommand,
} from '@tapwatt/firmware-contracts';
import type { LinkName } from '../redemption/types.ts';
import { toldInDesiredState, toldInJson } from './told-json.ts';

/** A frame of the wire as a trace shows it: taken apart, without its MAC, its opening and its bytes. */
export interface TracedFrame {
  /** When the gateway said or heard it, Unix ms. */
  readonly atMs: number;
  readonly meterId: string;
  readonly link: LinkName;
  readonly direction: 'to-meter' | 'from-meter';
  /** The MQTT channel (`dn/vch`), or the command (`COMMIT`) that is said or answered. */
  readonly on: string;
  /** Of what kind the frame is, where it is one. */
  readonly frame?: FrameType | 'reading' | 'event' | 'desired-state' | 'selected';
  readonly fields?: FrameJson;
  /** Why it is none, by the result's name. */
  readonly refuse?: string;
  /** The status word of an answer. */
  readonly sw?: string;
  /** What became of it where it did not get there: `away`, `failed: BUSY`, `no answer: DEADLINE`. */
  readonly outcome?: string;
  readonly length: number;
}

/** What a frame says, and why it says nothing. */
export type Told = Pick<TracedFrame, 'frame' | 'fields' | 'refuse'>;

const CHANNELS: Readonly<Record<string, FrameType>> = {
  'dn/vch': 'voucher',
  'dn/ack': 'ack',
  'dn/time': 'time',
  'up/rcpt': 'receipt',
  'up/status': 'status',
};
const COMMANDS: Readonly<Partial<Record<InsName, FrameType>>> = {
  PUT_VOUCHER: 'voucher',
  ACK: 'ack',
  SET_TIME: 'time',
};
const ANSWERS: Readonly<Partial<Record<InsName, FrameType>>> = {
  GET_STATUS: 'status',
  COMMIT: 'receipt',
  GET_RECEIPT: 'receipt',
};
const SW_LENGTH = 2;

/** An opening is told by whoever shows it, not by those who watch. */
function told(type: FrameType | undefined, bytes: Uint8Array): Told {
  if (type === undefined || bytes.length === 0) return {};
  const decoded = decodeFrame(type, bytes);
  if (!decoded.ok) return { frame: type, refuse: decoded.refuse };
  const { opening: _, ...fields } = decoded.fields;
  return { frame: type, fields };
}

const JSON_CHANNELS: Readonly<Record<string, (payload: Uint8Array) => Told>> = {
  'up/tele': (payload) => toldInJson('reading', payload),
  'up/evt': (payload) => toldInJson('event', payload),
  'dn/cfg': toldInDesiredState,
};

/** A payload on a channel of the meter's topics, such as `dn/vch`. */
export const toldOnChannel = (channel: string, payload: Uint8Array) => ({
  ...{ on: channel, length: payload.length },
  ...(JSON_CHANNELS[channel]?.(payload) ?? told(CHANNELS[channel], payload)),
});

/** What a trace shows of a command and its answer. */
export type ToldOnLink = Told & Pick<TracedFrame, 'on' | 'length' | 'sw' | 'outcome'>;

export function toldInCommand(command: Uint8Array): ToldOnLink {
  const name = nameOfCommand(command);
  const data = decodeCommand(command)?.data ?? new Uint8Array(0);
  return { on: name ?? 'unknown', length: command.length, ...told(name && COMMANDS[name], data) };
}

/** `why` with the code, such as `no answer: DEADLINE`. */
export const toldNoAnswer = (command: Uint8Array, why: string): ToldOnLink => ({
  ...{ on: nameOfCommand(command) ?? 'unknown', length: 0, outcome: why },
});

export function toldInAnswer(command: Uint8Array, answer: Uint8Array): ToldOnLink {
  const name = nameOfCommand(command);
  const data = answer.subarray(0, -SW_LENGTH);
  const sw = Buffer.from(answer.subarray(-SW_LENGTH)).toString('hex');
  const said = name === 'SELECT' ? toldOnSelect(data) : told(name && ANSWERS[name], data);
  return { on: name ?? 'unknown', length: answer.length, sw, ...said };
}

function toldOnSelect(data: Uint8Array): Told {
  if (data.length === 0) return {};
  const selected = decodeSelected(data);
  if (selected === undefined) return { frame: 'selected', refuse: 'BAD_FORMAT' };
  return { frame: 'selected', fields: { ...selected, meterId: String(selected.meterId) } };
}
