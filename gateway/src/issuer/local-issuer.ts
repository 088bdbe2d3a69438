import type { VoucherRecord } from '@tapwatt/chaincode';
import {
  meterId as asMeterId,
  bytesToHex,
  decodeReceipt,
  decodeStatus,
  decodeVoucher,
  type EpochKeys,
  encodeAcknowledgement,
  encodeTimeOrder,
  encodeVoucher,
  equalConstantTime,
  isAuthenticReceipt,
  isAuthenticStatus,
  isAuthenticVoucher,
  type ReceiptFields,
  sha256,
  TapwattError,
  VOUCHER_KIND,
  type VoucherFields,
  type VoucherId,
  voucherIdOf,
} from '@tapwatt/firmware-contracts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Issuer, Proof } from './issuer.ts';
import { createKeyCache } from './key-cache.ts';

const NO_OPENING = new Uint8Array(32);
const PROOFS: readonly Proof[] = ['fulfil', 'void', 'close'];

/** The issuer with the master key in hand. */
export interface LocalIssuer extends Issuer {
  /** The keys with which receipts and statuses of a meter's epoch are read; nothing can be sealed with them. */
  readingKeys(meterId: string, keyEpoch: number): Pick<EpochKeys, 'receipt' | 'status'>;
}

/** The issuer in its own process or in the gateway's, over a 32-byte master key and its own ledger connection. */
export function createLocalIssuer(master: Uint8Array, ledger: Pick<Ledger, 'evaluate'>): LocalIssuer {
  const keys = createKeyCache(master);

  const committed = async (voucherId: string): Promise<VoucherRecord> => {
    const record = await ledger.evaluate('CheckVoucher', { voucherId });
    if (record === null) throw new TapwattError('VOUCHER_UNKNOWN');
    return record;
  };
  const epochOf = (of: { meterId: string; keyEpoch: number }): EpochKeys =>
    keys.epoch(asMeterId(of.meterId), of.keyEpoch);

  return {
    async commitments(of) {
      const voucherId = voucherIdOf({ ...of, meterId: asMeterId(of.meterId) });
      const epoch = epochOf(of);
      return {
        voucherId,
        fulfilHash: bytesToHex(sha256(epoch.opening('fulfil', voucherId))),
        voidHash: bytesToHex(sha256(epoch.opening('void', voucherId))),
      };
    },

    async orderCommitments(of) {
      const voucherId = voucherIdOf({ ...of, meterId: asMeterId(of.meterId), seq: 0 });
      return { voucherId, closeHash: bytesToHex(sha256(epochOf(of).opening('close', voucherId))) };
    },

    async sealVoucher(voucherId) {
      const record = await committed(voucherId);
      if (record.status === 'VOIDED' || record.status === 'RELEASED') {
        throw new TapwattError('VOUCHER_STATE', `The voucher is ${record.status}.`);
      }
      return encodeVoucher(creditFields(record), epochOf(record));
    },

    async sealVoid(voucherId) {
      const record = await committed(voucherId);
      if (record.status === 'ISSUED' || record.status === 'REDEEMED') {
        throw new TapwattError(
          'VOUCHER_STATE',
          `No cancel of this voucher is committed; it is ${record.status}.`,
        );
      }
      const fields = { ...creditFields(record), kind: VOUCHER_KIND.VOID, amount: 0n, expiresAt: 0 };
      return encodeVoucher(fields, epochOf(record));
    },

    async sealOrder(meterId) {
      const meter = await ledger.evaluate('GetMeter', { meterId });
      if (meter === null) throw new TapwattError('METER_UNKNOWN');
      const order = meter.order;
      if (order === undefined) throw new TapwattError('ORDER_UNKNOWN');
      const fields: VoucherFields = {
        kind: order.kind,
        meterId: asMeterId(meterId),
        keyEpoch: order.keyEpoch,
        seq: 0,
        amount: 0n,
        issuedAt: order.issuedAt,
        expiresAt: 0,
        voucherId: order.voucherId as VoucherId,
        floorSeq: 0,
      };
      return encodeVoucher(fields, epochOf({ meterId, keyEpoch: order.keyEpoch }));
    },

    async readVoucher(frame) {
      const decoded = decodeVoucher(frame);
      if (!decoded.ok) throw new TapwattError('BAD_FORMAT');
      const { meterId, keyEpoch } = decoded.fields;
      if (!isAuthenticVoucher(frame, keys.epoch(meterId, keyEpoch))) throw new TapwattError('BAD_MAC');
      return decoded.fields;
    },

    async readReceipt(frame) {
      const decoded = decodeReceipt(frame);
      if (!decoded.ok) throw new TapwattError('BAD_FORMAT');
      const epoch = keys.epoch(decoded.fields.meterId, decoded.fields.keyEpoch);
      if (!isAuthenticReceipt(frame, epoch)) throw new TapwattError('BAD_MAC');
      const proof = proofOf(decoded.fields, epoch);
      return { fields: decoded.fields, ...(proof === undefined ? {} : { proof }) };
    },

    async readStatus(frame) {
      const decoded = decodeStatus(frame);
      if (!decoded.ok) throw new TapwattError('BAD_FORMAT');
      const { meterId, keyEpoch } = decoded.fields;
      if (!isAuthenticStatus(frame, keys.epoch(meterId, keyEpoch))) throw new TapwattError('BAD_MAC');
      return decoded.fields;
    },

    acknowledge: async (of) => encodeAcknowledgement({ ...of, meterId: asMeterId(of.meterId) }, epochOf(of)),

    timeOrder: async (of) => encodeTimeOrder({ ...of, meterId: asMeterId(of.meterId) }, epochOf(of)),

    readingKeys: (meterId, keyEpoch) => keys.epoch(asMeterId(meterId), keyEpoch),

    meterRoot: async (meterId) => bytesToHex(keys.root(asMeterId(meterId))),
  };

  function proofOf(fields: ReceiptFields, epoch: EpochKeys): Proof | undefined {
    if (equalConstantTime(fields.opening, NO_OPENING)) return undefined;
    return PROOFS.find((proof) => equalConstantTime(fields.opening, epoch.opening(proof, fields.voucherId)));
  }
}

const creditFields = (record: VoucherRecord): VoucherFields => ({
  kind: record.kind,
  meterId: asMeterId(record.meterId),
  keyEpoch: record.keyEpoch,
  seq: record.seq,
  amount: BigInt(record.amount),
  issuedAt: record.issuedAt,
  expiresAt: record.expiresAt,
  voucherId: record.voucherId as VoucherId,
  floorSeq: record.floorSeq,
});
