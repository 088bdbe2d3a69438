import type { ErrorCode, VoucherKind } from '@tapwatt/firmware-contracts';
import type { Role } from '../context.ts';

/** Whose certificates speak for a party on Fabric: those with this common name of this organisation (membership service provider). */
export interface Member {
  readonly mspId: string;
  readonly name: string;
}

/** What finds the party behind a certificate (`MEM~mspId~name`). */
export interface MemberRecord {
  readonly partyId: string;
  readonly txId: string;
}

/** A registered party (`PTY~id`); `publicKey` is the raw Ed25519 key, 32 bytes in base64url. */
export interface PartyRecord {
  readonly id: string;
  readonly role: Role;
  readonly name?: string;
  readonly publicKey?: string;
  /** Absent for one that submits nothing itself on Fabric: it signs. */
  readonly member?: Member;
  /** Of an agent: the agency it works for. */
  readonly agencyId?: string;
  /** Of a handset: the agent whose money it spends. */
  readonly agentId?: string;
  readonly suspended: boolean;
  readonly reason?: string;
  readonly txId: string;
}

export type VoucherStatus = 'ISSUED' | 'CANCELLING' | 'REDEEMED' | 'VOIDED' | 'RELEASED';

/** A party's decision about a voucher, an orphan or a meter. */
export interface Decision {
  readonly by: string;
  readonly reason: string;
  readonly txId: string;
}

/**
 * One issued voucher (`VCH~voucherId`): with it, and the keys, the issuer seals the same bytes again and again.
 * Amounts are decimal strings of minor units; times are Unix seconds as the issuer stated them.
 */
export interface VoucherRecord {
  readonly voucherId: string;
  /** WIRE.md "Voucher": 1 is credit. */
  readonly kind: VoucherKind;
  readonly meterId: string;
  readonly keyEpoch: number;
  readonly seq: number;
  readonly floorSeq: number;
  readonly amount: string;
  readonly issuedAt: number;
  /** 0 = never. */
  readonly expiresAt: number;
  readonly walletId: string;
  readonly agentId: string;
  readonly kid: string;
  readonly requestId: string;
  readonly payloadHash: string;
  readonly fulfilHash: string;
  readonly voidHash: string;
  /** The handset asked that it be brought to the meter. */
  readonly deliver: boolean;
  readonly status: VoucherStatus;
  /** The transaction that issued it. */
  readonly txId: string;
  readonly cancel?: Decision;
  /** The maker's half of a release without proof. */
  readonly release?: Decision;
  /** The checker's half. */
  readonly released?: Decision;
  /** The transaction that redeemed, voided or released it. */
  readonly settledTxId?: string;
  /** The receipt that proved it, with F or V in it, 256 lower-case hex digits: an auditor needs no other evidence. */
  readonly receipt?: string;
}

/** A voucher whose money is still on hold, as its meter's record lists it. */
export interface OpenVoucher {
  readonly seq: number;
  readonly voucherId: string;
  readonly keyEpoch: number;
  readonly amount: string;
  readonly walletId: string;
}

export type OrderKind = 4 | 6;

/** The pending end of an epoch: enough to seal its 72 bytes (seq, amount, expiresAt and floorSeq are 0). */
export interface PendingOrder {
  readonly kind: OrderKind;
  readonly voucherId: string;
  /** The epoch that it ends. */
  readonly keyEpoch: number;
  readonly issuedAt: number;
}

/** The end of an epoch as ordered (`ORD~voucherId`). */
export interface OrderRecord extends PendingOrder {
  readonly meterId: string;
  readonly closeHash: string;
  readonly payloadHash: string;
  readonly kid: string;
  readonly requestId: string;
  readonly reason: string;
  readonly status: 'PENDING' | 'DONE' | 'WITHDRAWN';
  readonly txId: string;
  /** The ledger's count of restores when it was ordered; absent when there was none. */
  readonly restores?: number;
  readonly settledTxId?: string;
  /** C as the meter showed it, lower-case hex. */
  readonly opening?: string;
  /** The receipt that refused it, lower-case hex. */
  readonly receipt?: string;
}

/** What couriers and issuers need to know of a meter. */
export interface MeterSummary {
  readonly meterId: string;
  readonly keyEpoch: number;
  readonly nextSeq: number;
  /** Every seq of the own epoch below it is resolved; `nextSeq` when none is open. */
  readonly floorSeq: number;
  readonly openLimit: number;
  /** Every unresolved voucher, those of ended epochs included, oldest first. */
  readonly open: readonly OpenVoucher[];
  /** What the meter is proved (or, for orphans, recorded) to have credited since it was registered. */
  readonly settled: string;
  readonly closed: boolean;
  readonly suspended: boolean;
  readonly quarantined: boolean;
  readonly order?: PendingOrder;
}

export type QuarantineReason = 'locked' | 'register-fell' | 'ledger-behind';

/** Where a backup was taken that this ledger was restored from. */
export interface RestorePoint {
  /** The newest block of the backup. */
  readonly number: number;
  readonly hash: string;
  /** Unix seconds of the restore, informative. */
  readonly at: number;
}

/** What shows that another copy of this ledger is, or was, at work: what a meter did, or an unknown voucher that a handset holds. */
export type CopyEvidence =
  | 'conflict'
  | 'orphan'
  | 'ledger-behind'
  | 'epoch-ended-elsewhere'
  | 'unknown-voucher';

/** Why a ledger issues nothing to anybody until the utility resumes it. */
export interface Halt {
  readonly what: CopyEvidence;
  readonly meterId: string;
  readonly voucherId?: string;
  readonly txId: string;
}

/** The ledger itself (`LDG~ledger`). */
export interface LedgerRecord {
  readonly ledgerId: string;
  readonly txId: string;
  /** How many times every meter had to be read and moved to a new epoch: after a restore, or after another copy was found. */
  readonly restores?: number;
  /** The newest restore. */
  readonly restored?: RestorePoint;
  readonly halted?: Halt;
}

/** The newest figures of the meter itself that the ledger has been shown. */
export interface MeterFigures {
  readonly keyEpoch: number;
  readonly receiptNo: number;
  readonly cumulativeCredited: string;
}

/** A meter with all that the ledger keeps of it. */
export interface MeterDetail extends MeterSummary {
  /** The part of `settled` that came from orphans, and how many were recorded. */
  readonly orphaned: string;
  readonly orphans: number;
  /** Sum of vouchers released without proof whose V was never shown. */
  readonly unproven: string;
  /** `restored`: the ledger was restored, and this meter has not been read and moved to a new epoch since. */
  readonly quarantine?: QuarantineReason | 'restored';
  /** How far a meter in the quarantine of a restore is: present until it is cleared. */
  readonly restored?: 'unread' | 'read';
  readonly seen?: MeterFigures;
  readonly reason?: string;
}

export type WalletState = 'open' | 'frozen' | 'closed';

export interface WalletSummary {
  readonly walletId: string;
  readonly agentId: string;
  readonly balance: string;
  /** Sum of the wallet's open vouchers. */
  readonly held: string;
  readonly state: WalletState;
}

/** A deposit (`DEP~id`): proposed by an agency or the utility, confirmed by the bank. */
export interface DepositRecord {
  readonly depositId: string;
  readonly walletId: string;
  readonly amount: string;
  readonly status: 'PROPOSED' | 'CONFIRMED';
  readonly proposedBy: string;
  readonly txId: string;
  readonly utr?: string;
  readonly confirmedBy?: string;
  readonly settledTxId?: string;
}

/** What became of a (kid, requestId), for ever (`REQ~kid~requestId`). */
export interface RequestRecord {
  /** `null`: abandoned before it was ever seen, so that any content under this id is refused. */
  readonly payloadHash: string | null;
  readonly op: string;
  readonly txId: string;
  readonly voucherId?: string;
  /** Of an `issue`: the rest of its answer. */
  readonly issued?: {
    readonly meterId: string;
    readonly keyEpoch: number;
    readonly seq: number;
    readonly amount: string;
    readonly deliver: boolean;
  };
  readonly refused?: { readonly code: ErrorCode; readonly message: string };
  /** Of an administrative order: the result it had. */
  readonly result?: unknown;
}

/** A receipt for a voucher this ledger does not know (`ORP~meterId~voucherId`). */
export interface OrphanRecord {
  readonly meterId: string;
  readonly voucherId: string;
  readonly kind: number;
  readonly keyEpoch: number;
  readonly seq: number;
  /** What the receipt claims, then what two parties agreed on. */
  readonly amount: string;
  /** `NOTHING`: no money is in it (a void, or the end of an epoch). */
  readonly status: 'RECORDED' | 'RECOVERED' | 'NOTHING';
  /** The receipt, lower-case hex; of a remainder the receipt or status whose register shows it. */
  readonly receipt: string;
  readonly txId: string;
  /** What a meter's register shows above all that is known by voucher: no one voucher, `kind` and `seq` are 0. */
  readonly remainder?: boolean;
  /** Of a booked remainder: how much of it has shown itself by voucher since. */
  readonly shown?: string;
  /** The remainder that this orphan's money, or the part of it that is not its amount, was booked with before its receipt came. */
  readonly partOf?: string;
  readonly proposal?: { readonly by: string; readonly amount: string; readonly txId: string };
  readonly recoveredBy?: string;
  readonly settledTxId?: string;
}

export type BreakKind = 'fulfilled-after-void' | 'voided-after-fulfilment' | 'conflict';

/** Evidence that cannot be true together with the books (`BRK~voucherId~what`): nothing moved, somebody must look. */
export interface BreakRecord {
  readonly what: BreakKind;
  readonly voucherId: string;
  readonly meterId: string;
  /** The receipt that shows it, lower-case hex. */
  readonly receipt: string;
  readonly txId: string;
}
