import type { QueryName, QueryRequest, QueryResult } from '@tapwatt/chaincode';
import type { ErrorCode, RequestResult } from '@tapwatt/firmware-contracts';
import type { InvariantReport } from '../ledger/check-invariants.ts';
import type { Committed } from '../ledger/ledger.ts';
import type { MeterSeries, SeriesQuestion } from '../telemetry/meter-series.ts';
import type { TracedFrame } from '../trace/traced-frame.ts';
import type { LiveFeed } from './live-feed.ts';

/** Who this gateway is; constant for the life of the process. */
export interface GatewayIdentity {
  readonly gatewayId: string;
  readonly site: string;
  readonly ledgerId: string;
  readonly profile: 'development' | 'production';
  readonly version: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
}

/** What a factory puts into a meter. Given out only over an administrator's connection, never logged. */
export interface MeterProvisioning {
  readonly meterId: string;
  readonly keyEpoch: number;
  /** Kroot, 64 hex digits. */
  readonly rootKey: string;
  /** MQTT user name and client id, `m-<meterId>`. */
  readonly identity: string;
  readonly password: string;
}

/** A step of one redemption. Steps only advance; the last one is `settled`, `voided`, `pending` or `refused`. */
export interface RedemptionStep {
  readonly status: 'accepted' | 'pending' | 'on-meter' | 'settled' | 'voided' | 'refused';
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly redemptionId?: string;
  readonly voucherId?: string;
  readonly meterId?: string;
  /** The meter's receipt, 256 hex digits. */
  readonly receipt?: string;
  readonly txId?: string;
  readonly code?: ErrorCode;
  readonly message?: string;
}

export type ReadinessState = 'ready' | 'degraded' | 'not-ready';

/** Whether a redemption can be taken now, and why not wholly. A ledger that is down is `degraded`, not dead. */
export interface ReadinessReport {
  readonly state: ReadinessState;
  readonly reasons: readonly ReadinessReason[];
}

export interface ReadinessReason {
  readonly part: string;
  readonly state: Exclude<ReadinessState, 'ready'>;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Counters for `/api/v1/stats`: plain numbers by part and name, e.g. `{ledger: {blocks: 12}, broker: {connections: 3}}`. */
export type StatsReport = Readonly<Record<string, Readonly<Record<string, number | string>>>>;

/**
 * What the HTTP interface needs of the gateway. Every method may throw a `TapwattError`; its code decides the
 * HTTP status.
 */
export interface GatewayServices {
  readonly identity: GatewayIdentity;
  /** Meters as they are now, recent vouchers, latencies: what the console shows. */
  readonly live: LiveFeed;
  /** Reads durable ledger state as this gateway's party. */
  evaluate<N extends QueryName>(name: N, request: QueryRequest<N>): Promise<QueryResult<N>>;
  /** Commits an administrative order signed by a registered party; the same order again gives its first outcome. */
  submitOrder(jws: string, options: { readonly signal: AbortSignal }): Promise<Committed<unknown>>;
  /**
   * Takes a handset's signed request; its results up to its end, or up to `waitMs`. Throws BUSY, and what refuses a request
   * that is not authentic.
   */
  handIn(
    jws: string,
    options: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly RequestResult[]>;
  /** What a factory puts into a registered meter. Throws METER_UNKNOWN, NOT_ISSUER. */
  meterProvisioning(meterId: string): Promise<MeterProvisioning>;
  /** MQTT password of an identity (`m-…`, `h-…`, `g-…`), whether registered or not. */
  passwordOf(identity: string): string;
  /** Presents a sealed voucher of 72 bytes; ends at its last step, or when `signal` aborts. */
  redeem(voucher: Uint8Array, options: { readonly signal: AbortSignal }): AsyncIterable<RedemptionStep>;
  /** Whether neither the ledger nor a serial line knows this number; `false` while the ledger is away and cannot tell. */
  isUnknown(meterId: string): Promise<boolean>;
  /** A meter's readings of a window. Throws TELEMETRY_UNAVAILABLE, also where none are kept. */
  meterSeries(question: SeriesQuestion): Promise<MeterSeries>;
  /** The bytes of a backup of the ledger as it is now. Throws BUSY while another is being read. */
  backup(): AsyncIterable<Uint8Array>;
  /** Calls `listener` at each frame of this meter, by any link, until the returned function is called. Throws BUSY. */
  watchFrames(meterId: string, listener: (frame: TracedFrame) => void): () => void;
  readiness(): ReadinessReport;
  stats(): Promise<StatsReport>;
  /** Checks I1 to I3 page by page. */
  invariants(options: { readonly signal: AbortSignal }): Promise<InvariantReport>;
}
