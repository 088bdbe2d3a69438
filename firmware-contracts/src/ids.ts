import { bytesToHex, concatBytes, sha256 } from './bytes.ts';
import { TapwattError } from './errors.ts';

/** A meter's number, 1 … 2^64 − 1; a decimal string in JSON and in topics. */
export type MeterId = bigint & { readonly __brand: 'MeterId' };

/** A voucher's id: 16 bytes as 32 lower-case hex digits. */
export type VoucherId = string & { readonly __brand: 'VoucherId' };

const METER_ID_MAX = 2n ** 64n - 1n;
const DECIMAL = /^[1-9][0-9]{0,19}$/;
const VOUCHER_ID = /^[0-9a-f]{32}$/;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const VOUCHER_ID_DOMAIN = new TextEncoder().encode('tapwatt/v1/vid');

/** A meter's number from a decimal string without leading zeros, or from a bigint; throws BAD_REQUEST. */
export const meterId = (value: bigint | string): MeterId => {
  const number = typeof value === 'bigint' ? value : DECIMAL.test(value) ? BigInt(value) : 0n;
  if (number < 1n || number > METER_ID_MAX) {
    throw new TapwattError(
      'BAD_REQUEST',
      'meterId: a decimal number from 1 to 2^64 - 1 without leading zeros.',
    );
  }
  return number as MeterId;
};

export const isVoucherId = (value: string): value is VoucherId => VOUCHER_ID.test(value);

/** Whether a text may name a request, a party, a wallet, a site or a ledger: `[A-Za-z0-9_-]{1,64}`. */
export const isName = (value: string): boolean => NAME.test(value);

/** The id of the voucher that one signed request asked for; `payloadHash` is SHA-256 of its payload (WIRE.md "Keys"). */
export const voucherIdOf = (voucher: {
  readonly meterId: MeterId;
  readonly keyEpoch: number;
  readonly seq: number;
  readonly payloadHash: Uint8Array;
}): VoucherId => {
  const numbers = new DataView(new ArrayBuffer(14));
  numbers.setBigUint64(0, voucher.meterId);
  numbers.setUint16(8, voucher.keyEpoch);
  numbers.setUint32(10, voucher.seq);
  const digest = sha256(concatBytes(VOUCHER_ID_DOMAIN, new Uint8Array(numbers.buffer), voucher.payloadHash));
  return bytesToHex(digest.subarray(0, 16)) as VoucherId;
};
