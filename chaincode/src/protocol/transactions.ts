import type { ErrorCode } from '@tapwatt/firmware-contracts';
import type { Role } from '../context.ts';
import type { Alarm } from './events.ts';
import type { Member, MeterSummary, RestorePoint, VoucherRecord } from './records.ts';

export interface GenesisRequest {
  readonly ledgerId: string;
  readonly parties: readonly {
    readonly id: string;
    readonly role: Exclude<Role, 'agent' | 'handset'>;
    readonly name?: string;
    /** Raw Ed25519 key, base64url. */
    readonly publicKey?: string;
    readonly member?: Member;
  }[];
}

/** One signed `issue` request with what the issuer proposes for it. */
export interface IssueItem {
  /** The handset's request, JWS in compact form. */
  readonly jws: string;
  readonly keyEpoch: number;
  readonly seq: number;
  /** What the issuer believes; the ledger records its own (never above it). */
  readonly floorSeq: number;
  readonly voucherId: string;
  /** SHA-256(F) and SHA-256(V), lower-case hex. */
  readonly fulfilHash: string;
  readonly voidHash: string;
  readonly issuedAt: number;
}

export type IssueItemResult =
  | {
      readonly ok: true;
      readonly voucherId: string;
      readonly meterId: string;
      readonly keyEpoch: number;
      readonly seq: number;
      readonly amount: string;
      readonly deliver: boolean;
      /** This very request had been issued before. */
      readonly repeated: boolean;
    }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly message: string;
      /** The same request will get this answer for ever. */
      readonly final: boolean;
      /** With SEQ_NOT_NEXT: what to propose instead. */
      readonly nextSeq?: number;
      readonly keyEpoch?: number;
      readonly floorSeq?: number;
    };

export type SettleOutcome =
  | 'redeemed'
  | 'voided'
  | 'released'
  | 'epoch-ended'
  | 'orphan'
  | 'nothing'
  | 'refused';

export interface SettlementResult {
  /** As the receipt says (zeros when it cannot be read). */
  readonly voucherId: string;
  readonly meterId: string;
  readonly outcome: SettleOutcome;
  /** Why nothing happened or why it was refused: the meter's result name, or a code of the ledger. */
  readonly code?: ErrorCode;
  readonly repeated: boolean;
  /** The transaction that ended the voucher: this one, or, repeated, the first. */
  readonly settledTxId?: string;
  /** The meter after this item; absent when the ledger does not know it. */
  readonly meter?: MeterSummary;
  /** What a person should look at, where it is new. */
  readonly alarms?: readonly Alarm[];
}

export type CancelRequest =
  | { readonly jws: string }
  | { readonly voucherId: string; readonly reason: string };

export interface CancelResult {
  readonly outcome: 'cancelling' | 'voided' | 'redeemed' | 'released' | 'abandoned' | 'refused';
  readonly repeated: boolean;
  readonly voucher?: VoucherRecord;
  readonly code?: ErrorCode;
  readonly message?: string;
}

/** The end of an epoch: the order signed by discom (or, for kind 6, a gateway), `request: {meterId, reason}`, and the issuer's commitment. */
export interface EndEpochRequest {
  readonly jws: string;
  readonly keyEpoch: number;
  readonly voucherId: string;
  /** SHA-256(C), lower-case hex. */
  readonly closeHash: string;
  readonly issuedAt: number;
}

export interface EndEpochResult {
  readonly voucherId: string;
  readonly repeated: boolean;
  readonly meter: MeterSummary;
}

interface Created {
  readonly id: string;
}

/** Every transaction: its request and its result, plain JSON. */
export interface Transactions {
  Genesis: { request: GenesisRequest; result: { readonly ledgerId: string } };
  RegisterAgency: {
    request: {
      readonly id: string;
      readonly name: string;
      readonly publicKey?: string;
      readonly member?: Member;
    };
    result: Created;
  };
  RegisterAgent: {
    request: { readonly id: string; readonly agencyId: string; readonly name?: string };
    result: Created;
  };
  RegisterHandset: {
    request: { readonly id: string; readonly agentId: string; readonly publicKey: string };
    result: Created;
  };
  RegisterGateway: {
    request: { readonly id: string; readonly publicKey: string; readonly member?: Member };
    result: Created;
  };
  RegisterMeter: {
    request: { readonly meterId: string; readonly keyEpoch?: number; readonly openLimit?: number };
    result: { readonly meter: MeterSummary };
  };
  Suspend: {
    request: ({ readonly id: string } | { readonly meterId: string }) & {
      readonly suspended: boolean;
      readonly reason: string;
    };
    result: { readonly suspended: boolean };
  };
  OpenWallet: {
    request: { readonly walletId: string; readonly agentId: string };
    result: { readonly walletId: string };
  };
  ProposeDeposit: {
    request: { readonly depositId: string; readonly walletId: string; readonly amount: string };
    result: { readonly depositId: string; readonly repeated: boolean };
  };
  ConfirmDeposit: {
    request: { readonly depositId: string; readonly utr: string };
    result: {
      readonly depositId: string;
      readonly walletId: string;
      readonly amount: string;
      readonly balance: string;
      readonly repeated: boolean;
    };
  };
  FreezeWallet: {
    request: { readonly walletId: string; readonly frozen: boolean };
    result: { readonly walletId: string; readonly frozen: boolean };
  };
  CloseWallet: {
    request: { readonly walletId: string };
    /** What goes back to the agent's bank account now. */
    result: { readonly walletId: string; readonly withdrawn: string };
  };
  IssueVouchers: {
    request: { readonly items: readonly IssueItem[] };
    result: { readonly items: readonly IssueItemResult[] };
  };
  SettleReceipts: {
    /** 128-byte receipts, hex, whose MAC the gateway has verified. */
    request: { readonly items: readonly { readonly receipt: string }[] };
    result: { readonly items: readonly SettlementResult[] };
  };
  RequestCancel: { request: CancelRequest; result: CancelResult };
  ReleaseUnproven: {
    request: { readonly voucherId: string; readonly reason: string };
    result: {
      readonly voucherId: string;
      readonly meterId: string;
      readonly state: 'proposed' | 'released';
      readonly repeated: boolean;
    };
  };
  RotateMeterKey: { request: EndEpochRequest; result: EndEpochResult };
  CloseMeter: { request: EndEpochRequest; result: EndEpochResult };
  WithdrawOrder: {
    /** The receipt that refuses the pending order: CONFLICT, BAD_EPOCH or CLOSED. */
    request: { readonly meterId: string; readonly receipt: string };
    result: { readonly voucherId: string; readonly repeated: boolean; readonly meter: MeterSummary };
  };
  RecordMeter: {
    /** A 64-byte status, hex, whose MAC the gateway has verified. */
    request: { readonly status: string };
    result: { readonly changed: boolean; readonly meter: MeterSummary; readonly alarms?: readonly Alarm[] };
  };
  RecordVoucher: {
    /**
     * A credit voucher that a handset showed and whose MAC the gateway has verified: the 56 bytes before it, hex. Without
     * its MAC nobody can present it, and the ledger is read by many.
     */
    request: { readonly voucher: string };
    /** `known`: this ledger sold it, or has what its meter did with it. */
    result: { readonly known: boolean; readonly alarms?: readonly Alarm[] };
  };
  /** The first transaction after a restore from backup: from it on no meter is issued to before it was cleared. */
  RecordRestore: {
    request: RestorePoint;
    result: { readonly restores: number };
  };
  /** Lifts a halt; `quarantine` (the safe way, unless one meter lied) has every meter read and moved on first. */
  ResumeIssuing: {
    request: { readonly reason: string; readonly quarantine: boolean };
    result: { readonly restores: number };
  };
  RecoverOrphan: {
    request: { readonly meterId: string; readonly voucherId: string; readonly amount: string };
    result: { readonly state: 'proposed' | 'recovered'; readonly repeated: boolean };
  };
}

export type TransactionName = keyof Transactions;
export type TransactionRequest<N extends TransactionName> = Transactions[N]['request'];
export type TransactionResult<N extends TransactionName> = Transactions[N]['result'];
