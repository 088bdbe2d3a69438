import type { ReceiptFields, StatusFields, VoucherFields, VoucherId } from '@tapwatt/firmware-contracts';

/** What the ledger stores of a voucher before it is sealed: the id and the hashes of its two openings, lower-case hex. */
export interface VoucherCommitments {
  readonly voucherId: VoucherId;
  readonly fulfilHash: string;
  readonly voidHash: string;
}

/** The same for the end of an epoch (kinds 4 and 6). */
export interface OrderCommitments {
  readonly voucherId: VoucherId;
  readonly closeHash: string;
}

/** A voucher, read. */
export interface ReadVoucher extends VoucherFields {
  /** The issuer is away, so that nobody here could tell whether its MAC is right. */
  readonly isUnchecked?: true;
}

/** What an opening proves of its voucher: F, V or C of WIRE.md. */
export type Proof = 'fulfil' | 'void' | 'close';

/** An authentic receipt, read. `proof` is absent when the receipt carries no opening, or one that proves nothing. */
export interface AuthenticReceipt {
  readonly fields: ReceiptFields;
  readonly proof?: Proof;
}

/**
 * The one home of the master key (DESIGN.md, principle 5): seals vouchers and orders, and reads what meters say.
 *
 * A voucher is sealed only after the issuer has read the committed issue on a ledger connection of its own.
 * A port: in the gateway's process by default, a process of its own where there is more than one site, so every member
 * may also throw ISSUER_UNAVAILABLE, DEADLINE or BUSY: ask again.
 */
export interface Issuer {
  commitments(of: {
    meterId: string;
    keyEpoch: number;
    seq: number;
    payloadHash: Uint8Array;
  }): Promise<VoucherCommitments>;
  orderCommitments(of: {
    meterId: string;
    keyEpoch: number;
    payloadHash: Uint8Array;
  }): Promise<OrderCommitments>;
  /** The 72 bytes of a committed voucher, always the same. Throws VOUCHER_UNKNOWN; VOUCHER_STATE once voided or released. */
  sealVoucher(voucherId: string): Promise<Uint8Array>;
  /** The void order of a voucher whose cancel is committed. Throws VOUCHER_UNKNOWN, VOUCHER_STATE. */
  sealVoid(voucherId: string): Promise<Uint8Array>;
  /** The pending end of an epoch of this meter. Throws METER_UNKNOWN, ORDER_UNKNOWN. */
  sealOrder(meterId: string): Promise<Uint8Array>;
  /** The fields of an authentic voucher. Throws BAD_FORMAT, BAD_MAC. */
  readVoucher(frame: Uint8Array): Promise<ReadVoucher>;
  /** Throws BAD_FORMAT, BAD_MAC. */
  readReceipt(frame: Uint8Array): Promise<AuthenticReceipt>;
  /** Throws BAD_FORMAT, BAD_MAC. */
  readStatus(frame: Uint8Array): Promise<StatusFields>;
  acknowledge(of: {
    meterId: string;
    keyEpoch: number;
    receiptNo: number;
    floorSeq: number;
  }): Promise<Uint8Array>;
  timeOrder(of: { meterId: string; keyEpoch: number; timeNo: number; time: number }): Promise<Uint8Array>;
  /** Kroot of one meter, lower-case hex: what the factory puts in. Throws NOT_ISSUER where the master key is elsewhere. */
  meterRoot(meterId: string): Promise<string>;
}
