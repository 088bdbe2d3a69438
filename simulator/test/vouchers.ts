import {
  encodeAcknowledgement,
  encodeDesiredState,
  encodeTimeOrder,
  encodeVoucher,
  epochKeys,
  meterId,
  meterRootKey,
  sha256,
  type VoucherFields,
  type VoucherId,
  voucherIdOf,
} from '@tapwatt/firmware-contracts';
import { MASTER } from './fleet-of.ts';

/** Seals what an issuer would seal for a meter of the test fleet. */
export const issuerFor = (meter: string, keyEpoch = 1) => {
  const id = meterId(meter);
  const keys = epochKeys(meterRootKey(MASTER, id), keyEpoch);
  const idOf = (seq: number): VoucherId =>
    voucherIdOf({ meterId: id, keyEpoch, seq, payloadHash: sha256(new Uint8Array([seq & 0xff])) });
  return {
    keys,
    idOf,
    voucher: (seq: number, amount = 1_000n, rest: Partial<VoucherFields> = {}): Uint8Array =>
      encodeVoucher(
        {
          kind: 1,
          meterId: id,
          keyEpoch,
          seq,
          amount,
          issuedAt: 1_700_000_000,
          expiresAt: 0,
          voucherId: idOf(seq),
          floorSeq: 1,
          ...rest,
        },
        keys,
      ),
    ack: (receiptNo: number, floorSeq = 1): Uint8Array =>
      encodeAcknowledgement({ keyEpoch, meterId: id, receiptNo, floorSeq }, keys),
    time: (timeNo: number, time: number): Uint8Array =>
      encodeTimeOrder({ keyEpoch, meterId: id, timeNo, time }, keys),
    desired: (version: number, rest: object = {}): Uint8Array =>
      encodeDesiredState({ meterId: meter, version, ...rest }, keys),
  };
};
