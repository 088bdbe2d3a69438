import {
  type AcknowledgementFields,
  bytesToHex,
  type Decoded,
  decodeAcknowledgement,
  decodeReceipt,
  decodeStatus,
  decodeTimeOrder,
  decodeVoucher,
  type EpochKeys,
  encodeAcknowledgement,
  encodeReceipt,
  encodeStatus,
  encodeTimeOrder,
  encodeVoucher,
  FRAME_LENGTH,
  hexToBytes,
  isAuthenticAcknowledgement,
  isAuthenticReceipt,
  isAuthenticStatus,
  isAuthenticTimeOrder,
  isAuthenticVoucher,
  type ReceiptFields,
  type StatusFields,
  TapwattError,
  type TimeOrderFields,
  type VoucherFields,
} from '@tapwatt/firmware-contracts';

export const FRAME_TYPES = ['voucher', 'receipt', 'status', 'ack', 'time'] as const;
export type FrameType = (typeof FRAME_TYPES)[number];
export type FieldsJson = Readonly<Record<string, string | number>>;

/** How a field stands in JSON (WIRE.md "Test vectors"): a number, a 64-bit integer as decimal text, bytes as hex. */
type FieldForm = 'number' | 'integer' | 'hex-text' | 'hex-bytes';

interface FrameCodec {
  readonly fields: Readonly<Record<string, FieldForm>>;
  decode(frame: Uint8Array): Decoded<object>;
  isAuthentic(frame: Uint8Array, keys: EpochKeys): boolean;
  encode(fields: object, keys: EpochKeys): Uint8Array;
}

const CODECS: Readonly<Record<FrameType, FrameCodec>> = {
  voucher: {
    fields: {
      kind: 'number',
      meterId: 'integer',
      keyEpoch: 'number',
      seq: 'number',
      amount: 'integer',
      issuedAt: 'number',
      expiresAt: 'number',
      voucherId: 'hex-text',
      floorSeq: 'number',
    },
    decode: decodeVoucher,
    isAuthentic: isAuthenticVoucher,
    encode: (fields, keys) => encodeVoucher(fields as VoucherFields, keys),
  },
  receipt: {
    fields: {
      result: 'number',
      kind: 'number',
      clockTrust: 'number',
      meterId: 'integer',
      keyEpoch: 'number',
      receiptNo: 'number',
      seq: 'number',
      voucherId: 'hex-text',
      credited: 'integer',
      balance: 'integer',
      cumulativeCredited: 'integer',
      hi: 'number',
      used: 'integer',
      meterTime: 'number',
      opening: 'hex-bytes',
    },
    decode: decodeReceipt,
    isAuthentic: isAuthenticReceipt,
    encode: (fields, keys) => encodeReceipt(fields as ReceiptFields, keys),
  },
  status: {
    fields: {
      stateBits: 'number',
      keyEpoch: 'number',
      meterId: 'integer',
      hi: 'number',
      used: 'integer',
      floorSeq: 'number',
      balance: 'integer',
      cumulativeCredited: 'integer',
      receiptNo: 'number',
      ackedReceiptNo: 'number',
      meterTime: 'number',
    },
    decode: decodeStatus,
    isAuthentic: isAuthenticStatus,
    encode: (fields, keys) => encodeStatus(fields as StatusFields, keys),
  },
  ack: {
    fields: { keyEpoch: 'number', meterId: 'integer', receiptNo: 'number', floorSeq: 'number' },
    decode: decodeAcknowledgement,
    isAuthentic: isAuthenticAcknowledgement,
    encode: (fields, keys) => encodeAcknowledgement(fields as AcknowledgementFields, keys),
  },
  time: {
    fields: { keyEpoch: 'number', meterId: 'integer', timeNo: 'number', time: 'number' },
    decode: decodeTimeOrder,
    isAuthentic: isAuthenticTimeOrder,
    encode: (fields, keys) => encodeTimeOrder(fields as TimeOrderFields, keys),
  },
};

/** The type of a frame by its length; the two types of 28 bytes are told apart by `hint` only. */
export function frameTypeOf(
  length: number,
  hint: 'ack' | 'time' | undefined,
): FrameType | 'ambiguous' | undefined {
  if (length === FRAME_LENGTH.voucher) return 'voucher';
  if (length === FRAME_LENGTH.receipt) return 'receipt';
  if (length === FRAME_LENGTH.status) return 'status';
  if (length === FRAME_LENGTH.acknowledgement) return hint ?? 'ambiguous';
  return undefined;
}

export type DecodedJson =
  | { readonly ok: true; readonly fields: FieldsJson; isAuthentic(keys: EpochKeys): boolean }
  | { readonly ok: false; readonly refuse: 'BAD_FORMAT' };

/** A frame's fields as WIRE.md's vectors write them. */
export function decodeToJson(type: FrameType, frame: Uint8Array): DecodedJson {
  const codec = CODECS[type];
  const decoded = codec.decode(frame);
  if (!decoded.ok) return decoded;
  const fields = Object.entries(codec.fields).map(([name]) => [
    name,
    toJson(Reflect.get(decoded.fields, name)),
  ]);
  return {
    ok: true,
    fields: Object.fromEntries(fields) as FieldsJson,
    isAuthentic: (keys) => codec.isAuthentic(frame, keys),
  };
}

/** Seals fields in the form of WIRE.md's vectors. Throws BAD_FORMAT naming the field. */
export function encodeFromJson(
  type: FrameType,
  json: unknown,
  keysOf: (of: KeysOf) => EpochKeys,
): Uint8Array {
  const codec = CODECS[type];
  const fields = readFields(type, codec.fields, json);
  const { meterId, keyEpoch } = fields;
  if (typeof meterId !== 'bigint' || typeof keyEpoch !== 'number') throw wrong(type, 'meterId');
  return codec.encode(fields, keysOf({ meterId, keyEpoch }));
}

export interface KeysOf {
  readonly meterId: bigint;
  readonly keyEpoch: number;
}

type FieldValue = number | bigint | string | Uint8Array;

function readFields(type: string, forms: FrameCodec['fields'], json: unknown): Record<string, FieldValue> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong(type, 'fields');
  const unknown = Object.keys(json).find((name) => !Object.hasOwn(forms, name));
  if (unknown !== undefined) throw wrong(type, unknown);
  const entries = Object.entries(forms).map(([name, form]) => {
    const value = fromJson(form, Reflect.get(json, name));
    if (value === undefined) throw wrong(type, name);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

function fromJson(form: FieldForm, value: unknown): FieldValue | undefined {
  switch (form) {
    case 'number':
      return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
    case 'integer':
      return typeof value === 'string' && /^(0|-?[1-9]\d{0,19})$/.test(value) ? BigInt(value) : undefined;
    case 'hex-text':
      return typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value) ? value : undefined;
    case 'hex-bytes':
      return typeof value === 'string' && /^([0-9a-f]{2})*$/.test(value) ? hexToBytes(value) : undefined;
    default:
      return form satisfies never;
  }
}

function toJson(value: unknown): string | number {
  if (typeof value === 'number' || typeof value === 'string') return value;
  return value instanceof Uint8Array ? bytesToHex(value) : String(value);
}

function wrong(type: string, field: string): TapwattError {
  return new TapwattError('BAD_FORMAT', `${type}.${field}: is missing, unknown or not of its form.`);
}
