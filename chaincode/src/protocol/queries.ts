import type {
  BreakRecord,
  DepositRecord,
  LedgerRecord,
  MeterDetail,
  MeterSummary,
  OrderRecord,
  OrphanRecord,
  PartyRecord,
  RequestRecord,
  VoucherRecord,
  VoucherStatus,
  WalletSummary,
} from './records.ts';

/** A page begins behind `after` (the `next` of the page before) and holds at most `limit` (1 to 1,000) entries. */
export interface PageRequest {
  readonly after?: string;
  readonly limit: number;
}

export interface StatementLine {
  readonly txId: string;
  /** Absent for the accumulating accounts, which keep no history, and on Fabric. */
  readonly blockNumber?: number;
  readonly kind: string;
  readonly debit: string;
  readonly credit: string;
  /** Voucher, deposit … that it is about (wallets), or how many were summed (accumulating accounts). */
  readonly ref?: string;
  readonly count?: number;
  /** Of a wallet: after the transaction. */
  readonly balance?: string;
}

export interface Violation {
  readonly invariant: 'I1' | 'I2' | 'I3';
  /** The key or account that breaks it. */
  readonly subject: string;
  readonly message: string;
}

/** Sums that travel from page to page of a check: fixed in size, however large the ledger is. */
export interface InvariantCarry {
  readonly sums: Readonly<Record<string, string>>;
}

export interface InvariantPage {
  /** Records looked at in this page. */
  readonly checked: number;
  readonly violations: readonly Violation[];
  /** Give both to the next page; absent on the last one. */
  readonly next?: string;
  readonly carry: InvariantCarry;
}

export interface VoucherLife {
  readonly voucherId: string;
  readonly steps: readonly {
    readonly txId: string;
    /** Absent where the ledger keeps none with a key's history (Fabric). */
    readonly blockNumber?: number;
    readonly status: VoucherStatus;
    readonly record: VoucherRecord;
  }[];
}

/** Every query: its request and its result, plain JSON; `null` where there is no such thing. */
export interface Queries {
  GetLedger: { request: Record<string, never>; result: Omit<LedgerRecord, 'txId'> | null };
  GetParty: { request: { readonly id: string }; result: PartyRecord | null };
  ListParties: {
    request: PageRequest & { readonly role?: PartyRecord['role'] };
    result: { readonly parties: readonly PartyRecord[]; readonly next?: string };
  };
  GetMeter: { request: { readonly meterId: string }; result: MeterDetail | null };
  ListMeters: {
    request: PageRequest;
    result: { readonly meters: readonly MeterDetail[]; readonly next?: string };
  };
  /** Meters with an open voucher or a pending order: what the sweep works through. */
  MetersWithOpen: {
    request: PageRequest;
    result: { readonly meters: readonly MeterSummary[]; readonly next?: string };
  };
  OpenVouchers: { request: { readonly meterId: string }; result: readonly VoucherRecord[] };
  CheckVoucher: { request: { readonly voucherId: string }; result: VoucherRecord | null };
  ListVouchers: {
    request: PageRequest & { readonly meterId?: string; readonly status?: VoucherStatus };
    /** A page may be short, or empty, and still have a `next`: a filter looks at a bounded number of records. */
    result: { readonly vouchers: readonly VoucherRecord[]; readonly next?: string };
  };
  GetOrder: { request: { readonly voucherId: string }; result: OrderRecord | null };
  GetWallet: { request: { readonly walletId: string }; result: WalletSummary | null };
  ListWallets: {
    request: PageRequest;
    result: { readonly wallets: readonly WalletSummary[]; readonly next?: string };
  };
  GetRequest: {
    request: { readonly kid: string; readonly requestId: string };
    result: RequestRecord | null;
  };
  /** All that serving a handset's request needs to know of it, at once: on Fabric every query is a call to a peer. */
  GetStanding: {
    request: { readonly handsetId: string; readonly requestId: string; readonly voucherId?: string };
    result: {
      readonly party: PartyRecord | null;
      readonly request: RequestRecord | null;
      readonly voucher: VoucherRecord | null;
    };
  };
  GetDeposit: { request: { readonly depositId: string }; result: DepositRecord | null };
  ListDeposits: {
    request: PageRequest;
    result: { readonly deposits: readonly DepositRecord[]; readonly next?: string };
  };
  ListOrphans: {
    request: PageRequest;
    result: { readonly orphans: readonly OrphanRecord[]; readonly next?: string };
  };
  ListBreaks: {
    request: PageRequest;
    result: { readonly breaks: readonly BreakRecord[]; readonly next?: string };
  };
  /** `accountId`: a wallet id, or one of the accumulating accounts. */
  GetStatement: {
    request: PageRequest & { readonly accountId: string };
    result: { readonly accountId: string; readonly lines: readonly StatementLine[]; readonly next?: string };
  };
  GetVoucherLife: { request: { readonly voucherId: string }; result: VoucherLife | null };
  /** Call it page by page over one snapshot, or on a ledger at rest; `history` also walks every voucher's history. */
  CheckInvariants: {
    request: PageRequest & { readonly carry?: InvariantCarry; readonly history?: boolean };
    result: InvariantPage;
  };
}

export type QueryName = keyof Queries;
export type QueryRequest<N extends QueryName> = Queries[N]['request'];
export type QueryResult<N extends QueryName> = Queries[N]['result'];
