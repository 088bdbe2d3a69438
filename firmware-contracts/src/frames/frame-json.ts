import { bytesToHex, hexToBytes } from '../bytes.ts';
import { TapwattError } from '../errors.ts';
import { type MeterId, meterId } from '../ids.ts';
import { type EpochKeys, epochKeys, meterRootKey } from '../keys.ts';
import {
  decodeAcknowledgement,
  encodeAcknowledgement,
  isAuthenticAcknowledgement,
} from './acknowledgement.ts';
import { type Decoded, FRAME_LENGTH } from './frame.ts';
import { decodeReceipt, encodeReceipt, isAuthenticReceipt } from './receipt.ts';
import { decodeStatus, encodeStatus, isAuthenticStatus } from './status.ts';
import { decodeTimeOrder, encodeTimeOrder, isAuthenticTimeOrder } from './time-order.ts';
import { decodeVoucher, encodeVoucher, isAuthenticVoucher } from './voucher.ts';

/** The frame types by the names that vectors and the command line use (WIRE.md "Test vectors"). */
export type FrameType = 'voucher' | 'receipt' | 'status' | 'ack' | 'time';

/** A frame's fields as JSON: numbers up to 32 bits as numbers, 64-bit integers as decimal strings, bytes as lower-case hex. */
export type FrameJson = Readonly<Record<string, number | string>>;

type FieldForm = 'number' | 'decimal' | 'hex' | 'bytes';
type Fields = Readonly<Record<string, number | bigint | string | Uint8Array>>;

interface Codec {
  readonly length: number;
  readonly fields: Readonly<Record<string, FieldForm>>;
  readonly encode: (fields: never, keys: EpochKeys) => Uint8Array;
  readonly decode: (frame: Uint8Array) => Decoded<object>;
  readonly isAuthentic: (frame: Uint8Array, keys: EpochKeys) => boolean;
}

const CODECS: Readonly<Record<FrameType, Codec>> = {
  voucher: {
    length: FRAME_LENGTH.voucher,
    fields: {
      kind: 'number',
      meterId: 'decimal',
      keyEpoch: 'number',
      seq: 'number',
      amount: 'decimal',
      issuedAt: 'number',
      expiresAt: 'number',
      voucherId: 'hex',
      floorSeq: 'number',
    },
    encode: encodeVoucher,
    decode: decodeVoucher,
    isAuthentic: isAuthenticVoucher,
  },
  receipt: {
    length: FRAME_LENGTH.receipt,
    fields: {
      result: 'number',
      kind: 'number',
      clockTrust: 'number',
      meterId: 'decimal',
      keyEpoch: 'number',
      receiptNo: 'number',
      seq: 'number',
      voucherId: 'hex',
      credited: 'decimal',
      balance: 'decimal',
      cumulativeCredited: 'decimal',
      hi: 'number',
      used: 'decimal',
      meterTime: 'number',
      opening: 'bytes',
    },
    encode: encodeReceipt,
    decode: decodeReceipt,
    isAuthentic: isAuthenticReceipt,
  },
  status: {
    length: FRAME_LENGTH.status,
    fields: {
      stateBits: 'number',
      keyEpoch: 'number',
      meterId: 'decimal',
      hi: 'number',
      used: 'decimal',
      floorSeq: 'number',
      balance: 'decimal',
      cumulativeCredited: 'decimal',
      receiptNo: 'number',
      ackedReceiptNo: 'number',
      meterTime: 'number',
    },
    encode: encodeStatus,
    decode: decodeStatus,
    isAuthentic: isAuthenticStatus,
  },
  ack: {
    length: FRAME_LENGTH.acknowledgement,
    fields: { keyEpoch: 'number', meterId: 'decimal', receiptNo: 'number', floorSeq: 'number' },
    encode: encodeAcknowledgement,
    decode: decodeAcknowledgement,
    isAuthentic: isAuthenticAcknowledgement,
  },
  time: {
    length: FRAME_LENGTH.timeOrder,
    fields: { keyEpoch: 'number', meterId: 'decimal', timeNo: 'number', time: 'number' },
    encode: encodeTimeOrder,
    decode: decodeTimeOrder,
    isAuthentic: isAuthenticTimeOrder,
  },
};

export const isFrameType = (type: string): type is FrameType => Object.hasOwn(CODECS, type);

/** The type that a frame of this length must be; undefined for 28 bytes, which two types share, and for other lengths. */
export const frameTypeOf = (frame: Uint8Array): FrameType | undefined => {
  const types = (Object.keys(CODECS) as FrameType[]).filter((type) => CODECS[type].length === frame.length);
  return types.length === 1 ? types[0] : undefined;
};

/** Reads a frame of a named type into JSON fields; whether it is authentic is a question of its own. */
export const decodeFrame = (type: FrameType, frame: Uint8Array): Decoded<FrameJson> => {
  const decoded = CODECS[type].decode(frame);
  return decoded.ok ? { ok: true, fields: toJson(type, decoded.fields as Fields) } : decoded;
};

/** Seals a frame from JSON fields with the master key; throws BAD_REQUEST or BAD_FORMAT naming the field. */
export const sealFrame = (type: FrameType, json: FrameJson, master: Uint8Array): Uint8Array => {
  const fields = fromJson(type, json);
  const keys = epochKeys(meterRootKey(master, fields.meterId as MeterId), Number(fields.keyEpoch));
  return CODECS[type].encode(fields as never, keys);
};

/** Whether a readable frame's MAC is right for the meter and the epoch that it states. */
export const isAuthenticFrame = (type: FrameType, frame: Uint8Array, master: Uint8Array): boolean => {
  const decoded = CODECS[type].decode(frame);
  if (!decoded.ok) return false;
  const { meterId: meter, keyEpoch } = decoded.fields as { meterId: MeterId; keyEpoch: number };
  return CODECS[type].isAuthentic(frame, epochKeys(meterRootKey(master, meter), keyEpoch));
};

const toJson = (type: FrameType, fields: Fields): FrameJson =>
  Object.fromEntries(
    Object.keys(CODECS[type].fields).map((name) => {
      const value = fields[name] ?? 0;
      if (typeof value === 'bigint') return [name, String(value)];
      return [name, value instanceof Uint8Array ? bytesToHex(value) : value];
    }),
  );

const fromJson = (type: FrameType, json: FrameJson): Fields => {
  const forms = CODECS[type].fields;
  const unknown = Object.keys(json).find((name) => !Object.hasOwn(forms, name));
  if (unknown !== undefined) throw bad(`${type}.${unknown}`, 'no such field');
  return Object.fromEntries(
    Object.entries(forms).map(([name, form]) => [name, READ[form](json[name], `${type}.${name}`)]),
  );
};

const DECIMAL = /^(?:0|-?[1-9][0-9]{0,19})$/;
const LOWER_HEX = /^[0-9a-f]*$/;

const decimal = (value: unknown, name: string): bigint => {
  if (typeof value !== 'string' || !DECIMAL.test(value)) throw bad(name, 'must be a decimal string');
  return name.endsWith('.meterId') ? meterId(value) : BigInt(value);
};

const hex = (value: unknown, name: string): string => {
  if (typeof value !== 'string' || !LOWER_HEX.test(value)) throw bad(name, 'must be lower-case hex');
  return value;
};

const READ: Readonly<Record<FieldForm, (value: unknown, name: string) => Fields[string]>> = {
  number: (value, name) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw bad(name, 'must be an integer');
    return value;
  },
  decimal,
  hex,
  bytes: (value, name) => hexToBytes(hex(value, name)),
};

const bad = (name: string, why: string): TapwattError => new TapwattError('BAD_REQUEST', `${name}: ${why}.`);
