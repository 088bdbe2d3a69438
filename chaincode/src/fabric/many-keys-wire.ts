/**
 * The four messages of Fabric 3.1 for many keys at once (`peer/chaincode_shim.proto` and `peer/chaincode.proto` of
 * fabric-protos), which the shim's own copy does not have; a second copy of the generated ones in the same process would
 * overwrite it, since they all live in one global.
 */

/** `ChaincodeMessage.Type`. */
export const MESSAGE = { READY: 4, WRITE_BATCH_STATE: 24, GET_STATE_MULTIPLE: 25 } as const;

/** `ChaincodeAdditionalParams`: how many keys a peer takes at once; 0 where it does not. */
export interface Offer {
  readonly getsAtOnce: number;
  readonly putsAtOnce: number;
}

/** `WriteRecord.Type.PUT_STATE`. */
const PUT_STATE = 9;
const VARINT = 0;
const BYTES = 2;
const CONTINUED = 0x80;
const LOW_BITS = 0x7f;

/** `GetStateMultiple`. */
export const encodeKeys = (keys: readonly string[]): Uint8Array =>
  Buffer.concat(keys.map((key) => bytesField(1, Buffer.from(key))));

/** `WriteBatchState`. */
export const encodeWrites = (pairs: readonly (readonly [key: string, value: string])[]): Uint8Array =>
  Buffer.concat(
    pairs.map(([key, value]) => {
      const record = [
        bytesField(1, Buffer.from(key)),
        bytesField(2, Buffer.from(value)),
        varintField(5, PUT_STATE),
      ];
      return bytesField(1, Buffer.concat(record));
    }),
  );

/** `GetStateMultipleResult`. Throws a RangeError for what is cut off. */
export const decodeValues = (payload: Uint8Array): readonly Uint8Array[] =>
  fieldsOf(payload).flatMap(({ field, value }) => (field === 1 && typeof value !== 'number' ? [value] : []));

/** Throws a RangeError for what is cut off. */
export function decodeOffer(payload: Uint8Array): Offer {
  const numbers = new Map(fieldsOf(payload).map(({ field, value }) => [field, Number(value)]));
  const atOnce = (may: number, most: number): number =>
    numbers.get(may) === 1 ? (numbers.get(most) ?? 0) : 0;
  return { putsAtOnce: atOnce(1, 2), getsAtOnce: atOnce(3, 4) };
}

const bytesField = (field: number, value: Uint8Array): Buffer =>
  Buffer.concat([varint((field << 3) | BYTES), varint(value.length), value]);

const varintField = (field: number, value: number): Buffer =>
  Buffer.concat([varint((field << 3) | VARINT), varint(value)]);

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > LOW_BITS; left = Math.floor(left / CONTINUED)) bytes.push((left & LOW_BITS) | CONTINUED);
  return Buffer.from([...bytes, left]);
}

/** The fields of a message that has numbers and bytes only. */
function fieldsOf(
  message: Uint8Array,
): readonly { readonly field: number; readonly value: number | Uint8Array }[] {
  const fields: { readonly field: number; readonly value: number | Uint8Array }[] = [];
  let at = 0;
  const readVarint = (): number => {
    for (let [value, factor] = [0, 1]; ; factor *= CONTINUED) {
      const byte = message[at];
      if (byte === undefined) throw new RangeError('A message of the peer is cut off.');
      at += 1;
      value += (byte & LOW_BITS) * factor;
      if (byte < CONTINUED) return value;
    }
  };
  const readBytes = (): Uint8Array => {
    const length = readVarint();
    at += length;
    if (at > message.length) throw new RangeError('A message of the peer is cut off.');
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const tag = readVarint();
    if ((tag & 7) !== VARINT && (tag & 7) !== BYTES) throw new RangeError('A field of another form.');
    fields.push({ field: tag >>> 3, value: (tag & 7) === BYTES ? readBytes() : readVarint() });
  }
  return fields;
}
