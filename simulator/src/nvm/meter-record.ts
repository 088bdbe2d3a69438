import { bytesToHex, hexToBytes, type MeterRecord, type MeterWindow } from '@tapwatt/firmware-contracts';
import { ByteReader, ByteWriter } from './byte-cursor.ts';

type Window = MeterWindow;
type EndedEpoch = NonNullable<MeterRecord['ended']>;

/** What a meter keeps in its one atomic record: the record of WIRE.md "What a meter keeps" and what belongs to this device. */
export interface StoredRecord {
  readonly record: MeterRecord;
  /** The case was opened; cleared by a voucher of kind 3, in the same commit. */
  readonly tamper: boolean;
  /** The JSON of all that was desired so far, at most `MAX_DESIRED_BYTES` of UTF-8; empty before the first. */
  readonly desired: string;
}

export const MAX_DESIRED_BYTES = 1024;

const WINDOW_TAGS = 64;
const TAG_BYTES = 8;
const RECEIPT_BYTES = 128;
const MAX_RING = 8;
const VOUCHER_ID_BYTES = 16;
const FLAG = { closed: 1, tamper: 2, ended: 4 } as const;
const WINDOW_BYTES = 32 + WINDOW_TAGS * TAG_BYTES;

/** The longest record there can be, in bytes. */
export const MAX_RECORD_BYTES =
  36 +
  WINDOW_BYTES +
  (4 + VOUCHER_ID_BYTES + WINDOW_BYTES) +
  4 +
  MAX_RING * RECEIPT_BYTES +
  4 +
  MAX_DESIRED_BYTES;

const writeWindow = (out: ByteWriter, window: Window): void => {
  const present = window.tags.reduce(
    (bits, tag, i) => (tag === undefined ? bits : bits | (1n << BigInt(i))),
    0n,
  );
  out.u32(window.hi);
  out.u64(window.used);
  out.u64(window.voided);
  out.u32(window.floorSeq);
  out.u64(present);
  out.bytes(hexToBytes(window.tags.filter((tag) => tag !== undefined).join('')));
};

const readWindow = (from: ByteReader): Window => {
  const hi = from.u32();
  const used = from.u64();
  const voided = from.u64();
  const floorSeq = from.u32();
  const present = from.u64();
  const tags = Array.from({ length: WINDOW_TAGS }, (_, i) =>
    (present >> BigInt(i)) & 1n ? bytesToHex(from.bytes(TAG_BYTES)) : undefined,
  );
  return { hi, used, voided, floorSeq, tags };
};

const writeEnded = (out: ByteWriter, ended: EndedEpoch): void => {
  out.u16(ended.keyEpoch);
  out.u16(ended.kind);
  out.bytes(hexToBytes(ended.voucherId));
  writeWindow(out, ended.window);
};

const readEnded = (from: ByteReader): EndedEpoch => ({
  keyEpoch: from.u16(),
  kind: from.u16() as EndedEpoch['kind'],
  voucherId: bytesToHex(from.bytes(VOUCHER_ID_BYTES)) as EndedEpoch['voucherId'],
  window: readWindow(from),
});

/** The bytes that go into a slot. */
export const encodeRecord = ({ record, tamper, desired }: StoredRecord): Uint8Array => {
  const out = new ByteWriter(MAX_RECORD_BYTES);
  out.u16(record.keyEpoch);
  out.u16((record.closed ? FLAG.closed : 0) | (tamper ? FLAG.tamper : 0) | (record.ended ? FLAG.ended : 0));
  out.u64(record.balanceLimit);
  out.u32(record.receiptNo);
  out.u32(record.ackedReceiptNo);
  out.u64(record.cumulativeCredited);
  out.u32(record.timeNo);
  out.u32(record.cfgVersion);
  writeWindow(out, record.window);
  if (record.ended !== undefined) writeEnded(out, record.ended);
  out.u32(record.ring.length);
  for (const receipt of record.ring) out.bytes(receipt);
  const json = new TextEncoder().encode(desired);
  out.u32(json.length);
  out.bytes(json);
  return out.finish();
};

/** The record of a whole slot. Throws `RangeError` where the bytes were written by another layout. */
export const decodeRecord = (bytes: Uint8Array): StoredRecord => {
  const from = new ByteReader(bytes);
  const keyEpoch = from.u16();
  const flags = from.u16();
  const plain = {
    keyEpoch,
    closed: (flags & FLAG.closed) !== 0,
    balanceLimit: from.u64(),
    receiptNo: from.u32(),
    ackedReceiptNo: from.u32(),
    cumulativeCredited: from.u64(),
    timeNo: from.u32(),
    cfgVersion: from.u32(),
    window: readWindow(from),
  };
  const ended = flags & FLAG.ended ? { ended: readEnded(from) } : {};
  const ring = Array.from({ length: from.u32() }, () => from.bytes(RECEIPT_BYTES));
  const desired = new TextDecoder().decode(from.bytes(from.u32()));
  return { record: { ...plain, ...ended, ring }, tamper: (flags & FLAG.tamper) !== 0, desired };
};
