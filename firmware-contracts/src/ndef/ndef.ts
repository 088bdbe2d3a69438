import { concatBytes } from '../bytes.ts';

/** A record of an NDEF message (NFC Forum NDEF 1.0), without its id. */
export interface NdefRecord {
  /** Type name format: 1 well-known, 2 media, 4 external, … */
  readonly tnf: number;
  readonly type: string;
  readonly payload: Uint8Array;
}

const FLAG = { begin: 0x80, end: 0x40, chunk: 0x20, short: 0x10, id: 0x08 } as const;
const TNF_MASK = 0x07;
const SHORT_MAX = 0xff;

/** The bytes of a message of these records. */
export const encodeNdef = (records: readonly NdefRecord[]): Uint8Array =>
  concatBytes(
    ...records.map((record, index) =>
      encodeRecord(record, (index === 0 ? FLAG.begin : 0) | (index === records.length - 1 ? FLAG.end : 0)),
    ),
  );

const encodeRecord = ({ tnf, type, payload }: NdefRecord, flags: number): Uint8Array => {
  const name = new TextEncoder().encode(type);
  const isShort = payload.length <= SHORT_MAX;
  const length = new Uint8Array(isShort ? 1 : 4);
  if (isShort) length[0] = payload.length;
  else new DataView(length.buffer).setUint32(0, payload.length);
  const head = Uint8Array.of(flags | (isShort ? FLAG.short : 0) | tnf, name.length);
  return concatBytes(head, length, name, payload);
};

/** The records of one message; `undefined` for what is none. Chunked records are not read: nothing of ours is so long. */
export const decodeNdef = (message: Uint8Array): readonly NdefRecord[] | undefined => {
  const records: NdefRecord[] = [];
  for (let at = 0; at < message.length; ) {
    const read = decodeRecord(message, at, records.length === 0);
    if (read === undefined) return undefined;
    records.push(read.record);
    at = read.next;
    if (read.isLast) return at === message.length ? records : undefined;
  }
  return message.length === 0 ? [] : undefined;
};

const decodeRecord = (message: Uint8Array, at: number, isFirst: boolean) => {
  const [flags, typeLength] = message.subarray(at, at + 2);
  if (flags === undefined || typeLength === undefined) return undefined;
  const isAsPlaced = ((flags & FLAG.begin) !== 0) === isFirst && (flags & FLAG.chunk) === 0;
  const sizes = isAsPlaced ? lengthsOf(message, at + 2, flags) : undefined;
  if (sizes === undefined) return undefined;
  const typeAt = sizes.next;
  const payloadAt = typeAt + typeLength + sizes.id;
  const next = payloadAt + sizes.payload;
  if (next > message.length) return undefined;
  const type = new TextDecoder().decode(message.subarray(typeAt, typeAt + typeLength));
  const payload = message.slice(payloadAt, next);
  return { record: { tnf: flags & TNF_MASK, type, payload }, next, isLast: (flags & FLAG.end) !== 0 };
};

/** The lengths of payload and id, and where the type begins. */
const lengthsOf = (message: Uint8Array, at: number, flags: number) => {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const isShort = (flags & FLAG.short) !== 0;
  const idAt = at + (isShort ? 1 : 4);
  const next = idAt + ((flags & FLAG.id) === 0 ? 0 : 1);
  if (next > message.length) return undefined;
  return {
    payload: isShort ? view.getUint8(at) : view.getUint32(at),
    id: next === idAt ? 0 : view.getUint8(idAt),
    next,
  };
};
