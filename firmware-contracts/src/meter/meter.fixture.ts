import { sha256 } from '../bytes.ts';
import { encodeVoucher, type VoucherFields } from '../frames/voucher.ts';
import { meterId, voucherIdOf } from '../ids.ts';
import { type EpochKeys, epochKeys, meterRootKey } from '../keys.ts';
import { carriesMoney, endsEpoch, type VoucherKind } from '../results.ts';
import { type MeterState, provisionMeter } from './state.ts';

/** A meter, its keys and its vouchers, for the tests of this folder. */
export const METER = meterId('42');
const ROOT = meterRootKey(new Uint8Array(32).fill(3), METER);
export const NOW = 1_790_000_000;
export const CLOCK = { now: NOW, trust: 2 } as const;

const keysOfEpochs = new Map<number, EpochKeys>();

export const keysOf = (keyEpoch: number): EpochKeys => {
  const known = keysOfEpochs.get(keyEpoch) ?? epochKeys(ROOT, keyEpoch);
  keysOfEpochs.set(keyEpoch, known);
  return known;
};

export const newMeter = (limit = 1_000_000n): MeterState =>
  provisionMeter({ meterId: METER, root: ROOT, keyEpoch: 1, balanceLimit: limit });

/** The fields of a voucher; vouchers of one epoch, seq and label have one id, whatever their kind. */
export const voucher = (
  kind: VoucherKind,
  seq: number,
  { label = 'a', ...change }: Partial<VoucherFields> & { readonly label?: string } = {},
): VoucherFields => {
  const keyEpoch = change.keyEpoch ?? 1;
  const payloadHash = sha256(new TextEncoder().encode(label));
  return {
    kind,
    meterId: METER,
    keyEpoch,
    seq,
    amount: carriesMoney(kind) ? 100n : 0n,
    issuedAt: NOW,
    expiresAt: 0,
    voucherId: voucherIdOf({ meterId: METER, keyEpoch, seq, payloadHash }),
    floorSeq: endsEpoch(kind) ? 0 : 1,
    ...change,
  };
};

export const seal = (fields: VoucherFields): Uint8Array => encodeVoucher(fields, keysOf(fields.keyEpoch));
