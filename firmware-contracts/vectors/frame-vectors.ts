import { bytesToHex, hexToBytes, hmacSha256, sha256 } from '../src/bytes.ts';
import { decodeFrame, type FrameJson, type FrameType, sealFrame } from '../src/frames/frame-json.ts';
import { meterId, type VoucherId } from '../src/ids.ts';
import { type EpochKeys, epochKeys, meterRootKey } from '../src/keys.ts';

/** Master keys that nobody could mistake for secrets: 00 01 … 1f, and a sentence. */
export const MASTER = bytesToHex(Uint8Array.from({ length: 32 }, (_, i) => i));
const OTHER_MASTER = bytesToHex(new TextEncoder().encode('TEST KEY, EVERYBODY KNOWS IT ...'));

export type FrameVector = Readonly<Record<string, unknown>> & {
  readonly name: string;
  readonly type: FrameType;
  readonly master: string;
  readonly frame: string;
  readonly fields?: FrameJson;
  readonly refuse?: string;
};

const ID = '8f14e45fceea167a5a36dedd4bea2543';
const F_OF_TEST = '11'.repeat(32);
const NONE = '00'.repeat(32);

const VOUCHER = {
  kind: 1,
  meterId: '42',
  keyEpoch: 1,
  seq: 1,
  amount: '10000',
  issuedAt: 1_790_000_000,
  expiresAt: 0,
  voucherId: ID,
  floorSeq: 1,
};
const END = { seq: 0, amount: '0', floorSeq: 0 };

const RECEIPT = {
  result: 0,
  kind: 1,
  clockTrust: 2,
  meterId: '42',
  keyEpoch: 1,
  receiptNo: 1,
  seq: 1,
  voucherId: ID,
  credited: '10000',
  balance: '9500',
  cumulativeCredited: '10000',
  hi: 1,
  used: '1',
  meterTime: 1_790_000_005,
  opening: F_OF_TEST,
};
const REFUSAL = { credited: '0', opening: NONE };
const LOCKED = { keyEpoch: 0, receiptNo: 0, balance: '0', cumulativeCredited: '0', hi: 0, used: '0' };

const STATUS = {
  stateBits: 1,
  keyEpoch: 1,
  meterId: '42',
  hi: 5,
  used: '31',
  floorSeq: 4,
  balance: '9500',
  cumulativeCredited: '50000',
  receiptNo: 5,
  ackedReceiptNo: 3,
  meterTime: 1_790_000_005,
};
const ACK = { keyEpoch: 1, meterId: '42', receiptNo: 5, floorSeq: 6 };
const TIME = { keyEpoch: 1, meterId: '42', timeNo: 7, time: 1_790_000_000 };
const BASE: Readonly<Record<FrameType, FrameJson>> = {
  voucher: VOUCHER,
  receipt: RECEIPT,
  status: STATUS,
  ack: ACK,
  time: TIME,
};

type Good = readonly [name: string, type: FrameType, change?: FrameJson, master?: string];

const GOOD: readonly Good[] = [
  ['credit', 'voucher'],
  ['credit under another master key', 'voucher', {}, OTHER_MASTER],
  ['credit of the smallest amount', 'voucher', { amount: '1' }],
  ['credit of the largest amount', 'voucher', { amount: '9007199254740991' }],
  ['credit for the largest meter number', 'voucher', { meterId: '18446744073709551615' }],
  ['credit for a meter number above 2^53', 'voucher', { meterId: '9007199254740993' }],
  ['credit of the last epoch', 'voucher', { keyEpoch: 65_535 }],
  [
    'credit of the last seq, its floor its own seq',
    'voucher',
    { seq: 4_294_967_295, floorSeq: 4_294_967_295 },
  ],
  ['credit far above its floor', 'voucher', { seq: 64, floorSeq: 1 }],
  ['credit that expires', 'voucher', { expiresAt: 1_790_086_400 }],
  ['credit with the latest dates', 'voucher', { issuedAt: 4_294_967_295, expiresAt: 4_294_967_295 }],
  ['credit with the earliest dates', 'voucher', { issuedAt: 0, expiresAt: 1 }],
  ['credit with an id of ones', 'voucher', { voucherId: 'ff'.repeat(16) }],
  ['void order', 'voucher', { kind: 2, amount: '0', seq: 3, floorSeq: 2 }],
  ['clear tamper', 'voucher', { kind: 3, amount: '0', seq: 9, floorSeq: 9 }],
  ['clear tamper with a date', 'voucher', { kind: 3, amount: '0', expiresAt: 1_790_086_400 }],
  ['close order', 'voucher', { kind: 4, ...END }],
  ['transfer in', 'voucher', { kind: 5, amount: '123456', seq: 2 }],
  ['new epoch order', 'voucher', { kind: 6, ...END }],
  ['new epoch order of the last epoch that can end', 'voucher', { kind: 6, ...END, keyEpoch: 65_534 }],
  ['receipt: applied', 'receipt'],
  ['receipt: applied before', 'receipt', { result: 1, receiptNo: 4 }],
  ['receipt: void order applied', 'receipt', { result: 2, kind: 2, credited: '0' }],
  ['receipt: voided before', 'receipt', { result: 3, credited: '0' }],
  ['receipt: bad format', 'receipt', { result: 16, ...REFUSAL }],
  [
    'receipt: bad format of a wrong length',
    'receipt',
    { result: 16, kind: 0, seq: 0, voucherId: '00'.repeat(16), ...REFUSAL },
  ],
  ['receipt: bad format of an unknown kind', 'receipt', { result: 16, kind: 255, ...REFUSAL }],
  ['receipt: wrong meter', 'receipt', { result: 17, ...REFUSAL }],
  ['receipt: bad MAC', 'receipt', { result: 18, ...REFUSAL }],
  ['receipt: bad epoch', 'receipt', { result: 19, ...REFUSAL, keyEpoch: 9 }],
  ['receipt: out of window', 'receipt', { result: 20, ...REFUSAL }],
  ['receipt: expired', 'receipt', { result: 21, ...REFUSAL }],
  ['receipt: over limit', 'receipt', { result: 22, ...REFUSAL }],
  ['receipt: closed', 'receipt', { result: 23, ...REFUSAL, keyEpoch: 2, hi: 0, used: '0' }],
  ['receipt: conflict', 'receipt', { result: 24, ...REFUSAL }],
  ['receipt: conflict of a void order', 'receipt', { result: 24, kind: 2, credited: '0' }],
  ['receipt: locked', 'receipt', { result: 25, ...REFUSAL, ...LOCKED }],
  ['receipt: epoch ended', 'receipt', { kind: 6, seq: 0, credited: '0', keyEpoch: 65_534 }],
  ['receipt with a clock that nobody set', 'receipt', { clockTrust: 0, meterTime: 0 }],
  ['receipt with a balance below zero', 'receipt', { balance: '-1' }],
  [
    'receipt with the lowest balance',
    'receipt',
    { balance: '-9223372036854775808', cumulativeCredited: '0' },
  ],
  [
    'receipt with the largest figures',
    'receipt',
    {
      balance: '9223372036854775807',
      cumulativeCredited: '18446744073709551615',
      used: '18446744073709551615',
      hi: 4_294_967_295,
      receiptNo: 4_294_967_295,
    },
  ],
  ['status', 'status'],
  ['status with every state bit', 'status', { stateBits: 127 }],
  ['status of a closed meter', 'status', { stateBits: 64, keyEpoch: 2, hi: 0, used: '0', floorSeq: 1 }],
  ['status with a balance below zero', 'status', { balance: '-250', stateBits: 7 }],
  [
    'status with the largest figures',
    'status',
    { used: '18446744073709551615', hi: 4_294_967_295, floorSeq: 4_294_967_295 },
  ],
  [
    'status of a locked meter',
    'status',
    {
      stateBits: 0,
      ...LOCKED_STATUS(),
    },
  ],
  ['acknowledgement', 'ack'],
  ['acknowledgement of nothing', 'ack', { receiptNo: 0, floorSeq: 1 }],
  [
    'acknowledgement with the largest numbers',
    'ack',
    { receiptNo: 4_294_967_295, floorSeq: 4_294_967_295, keyEpoch: 65_535 },
  ],
  ['time order', 'time'],
  ['time order with the largest numbers', 'time', { timeNo: 4_294_967_295, time: 4_294_967_295 }],
];

function LOCKED_STATUS(): FrameJson {
  return {
    keyEpoch: 0,
    hi: 0,
    used: '0',
    floorSeq: 0,
    balance: '0',
    cumulativeCredited: '0',
    receiptNo: 0,
    ackedReceiptNo: 0,
    meterTime: 0,
  };
}

/** Bytes to write at an offset of an otherwise right frame, which is then sealed again with the right key. */
type Patch = readonly [offset: number, hex: string];
type Bad = readonly [name: string, type: FrameType, change: FrameJson, ...patches: Patch[]];

const BAD: readonly Bad[] = [
  ['version 0', 'voucher', {}, [0, '00']],
  ['version 2', 'voucher', {}, [0, '02']],
  ['kind 0', 'voucher', {}, [1, '00']],
  ['kind 7', 'voucher', {}, [1, '07']],
  ['epoch 0', 'voucher', {}, [10, '0000']],
  ['close order of epoch 65535', 'voucher', { kind: 4, ...END }, [10, 'ffff']],
  ['new epoch order of epoch 65535', 'voucher', { kind: 6, ...END }, [10, 'ffff']],
  ['credit at seq 0', 'voucher', {}, [12, '00000000'], [48, '00000000']],
  ['new epoch order at seq 1', 'voucher', { kind: 6, ...END }, [12, '00000001']],
  ['close order at seq 1 with a floor', 'voucher', { kind: 4, ...END }, [12, '00000001'], [48, '00000001']],
  ['credit of nothing', 'voucher', {}, [16, '0000000000000000']],
  ['credit of 2^53', 'voucher', {}, [16, '0020000000000000']],
  ['transfer in of 2^64 - 1', 'voucher', { kind: 5 }, [16, 'ffffffffffffffff']],
  ['void order with an amount', 'voucher', { kind: 2, amount: '0' }, [16, '0000000000000001']],
  ['clear tamper with an amount', 'voucher', { kind: 3, amount: '0' }, [16, '0000000000000001']],
  ['new epoch order with an amount', 'voucher', { kind: 6, ...END }, [16, '0000000000000001']],
  ['void order with a date', 'voucher', { kind: 2, amount: '0' }, [28, '00000001']],
  ['close order with a date', 'voucher', { kind: 4, ...END }, [28, '6ab1c180']],
  ['new epoch order with a date', 'voucher', { kind: 6, ...END }, [28, '6ab1c180']],
  ['credit with floor 0', 'voucher', {}, [48, '00000000']],
  ['credit with a floor above its seq', 'voucher', {}, [48, '00000002']],
  ['new epoch order with a floor', 'voucher', { kind: 6, ...END }, [48, '00000001']],
  ['first reserved byte set', 'voucher', {}, [52, '01000000']],
  ['last reserved byte set', 'voucher', {}, [52, '00000001']],
  ['receipt of version 2', 'receipt', {}, [0, '02']],
  ['receipt with an unknown result', 'receipt', {}, [1, '04']],
  ['receipt with a result past the last', 'receipt', {}, [1, '1a']],
  ['receipt with clock trust 3', 'receipt', {}, [3, '03']],
  ['receipt with a reserved byte set', 'receipt', {}, [14, '0001']],
  ['status of version 0', 'status', {}, [0, '00']],
  ['status with state bit 7', 'status', {}, [1, '81']],
  ['acknowledgement of version 3', 'ack', {}, [0, '03']],
  ['acknowledgement with the reserved byte set', 'ack', {}, [1, '01']],
  ['time order of version 3', 'time', {}, [0, '03']],
  ['time order with the reserved byte set', 'time', {}, [1, '80']],
];

const LENGTHS: readonly (readonly [name: string, type: FrameType, change: -1 | 1])[] = [
  ['voucher without its last byte', 'voucher', -1],
  ['voucher with a byte too many', 'voucher', 1],
  ['receipt without its last byte', 'receipt', -1],
  ['receipt with a byte too many', 'receipt', 1],
  ['status without its last byte', 'status', -1],
  ['status with a byte too many', 'status', 1],
  ['acknowledgement without its last byte', 'ack', -1],
  ['time order with a byte too many', 'time', 1],
];

const MAC_LENGTH: Readonly<Record<FrameType, number>> = {
  voucher: 16,
  receipt: 16,
  status: 8,
  ack: 8,
  time: 8,
};

/** Every frame vector, in the shape of WIRE.md "Test vectors". */
export const frameVectors = (): FrameVector[] => [
  ...GOOD.map(goodVector),
  ...BAD.map(badVector),
  ...LENGTHS.map(lengthVector),
  { name: 'no bytes at all', type: 'voucher', master: MASTER, frame: '', refuse: 'BAD_FORMAT' },
];

const goodVector = ([name, type, change = {}, master = MASTER]: Good): FrameVector => {
  const fields = { ...BASE[type], ...change };
  const frame = bytesToHex(sealFrame(type, fields, hexToBytes(master)));
  return { name, type, master, fields, frame, ...(type === 'voucher' ? openings(fields, master) : {}) };
};

const openings = (fields: FrameJson, master: string): Record<string, string> => {
  const keys = keysOf(fields, master);
  const pairs = (['fulfil', 'void', 'close'] as const).map((kind) => {
    const opening = keys.opening(kind, fields.voucherId as VoucherId);
    return [
      [kind, bytesToHex(opening)],
      [`${kind}Hash`, bytesToHex(sha256(opening))],
    ] as const;
  });
  return Object.fromEntries([...pairs.map(([opening]) => opening), ...pairs.map(([, hash]) => hash)]);
};

const badVector = ([name, type, change, ...patches]: Bad): FrameVector => {
  const fields = { ...BASE[type], ...change };
  const frame = sealFrame(type, fields, hexToBytes(MASTER));
  for (const [offset, hex] of patches) frame.set(hexToBytes(hex), offset);
  const body = frame.length - MAC_LENGTH[type];
  // Sealed for the epoch that the broken frame states, so that nothing but the broken rule can refuse it.
  const stated = decodeEpoch(type, frame);
  const key = keysOf({ ...fields, keyEpoch: stated }, MASTER)[KEY[type]];
  frame.set(hmacSha256(key, frame.subarray(0, body)).subarray(0, MAC_LENGTH[type]), body);
  return { name, type, master: MASTER, frame: bytesToHex(frame), refuse: 'BAD_FORMAT' };
};

const KEY = { voucher: 'voucher', receipt: 'receipt', status: 'status', ack: 'ack', time: 'time' } as const;
const EPOCH_OFFSET: Readonly<Record<FrameType, number>> = {
  voucher: 10,
  receipt: 12,
  status: 2,
  ack: 2,
  time: 2,
};

const decodeEpoch = (type: FrameType, frame: Uint8Array): number =>
  new DataView(frame.buffer, frame.byteOffset).getUint16(EPOCH_OFFSET[type]);

const lengthVector = ([name, type, change]: (typeof LENGTHS)[number]): FrameVector => {
  const whole = sealFrame(type, BASE[type], hexToBytes(MASTER));
  const frame = change < 0 ? whole.subarray(0, -1) : Uint8Array.of(...whole, 0);
  if (decodeFrame(type, frame).ok) throw new Error(`${name}: a vector that must be refused is not.`);
  return { name, type, master: MASTER, frame: bytesToHex(frame), refuse: 'BAD_FORMAT' };
};

const keysOf = (fields: FrameJson, master: string): EpochKeys =>
  epochKeys(meterRootKey(hexToBytes(master), meterId(String(fields.meterId))), Number(fields.keyEpoch));
