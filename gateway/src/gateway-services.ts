import { identityOf, TapwattError } from '@tapwatt/firmware-contracts';
import type { Credentials } from './credentials.ts';
import type { Clock } from './edges/edges.ts';
import type { GatewayIdentity, GatewayServices, ReadinessReport, StatsReport } from './http/services.ts';
import { isUnknownMeter } from './is-unknown-meter.ts';
import type { Issuer } from './issuer/issuer.ts';
import { checkInvariants } from './ledger/check-invariants.ts';
import type { Committed, Ledger } from './ledger/ledger.ts';
import type { LiveBoard } from './observability/live-board.ts';
import type { HandIn } from './requests/hand-in.ts';
import type { LocalRedemptions } from './requests/local-redeem.ts';
import type { FrameTrace } from './trace/frame-trace.ts';

export interface GatewayParts {
  readonly identity: GatewayIdentity;
  readonly live: LiveBoard;
  readonly ledger: Ledger;
  readonly issuer: Issuer;
  readonly credentials: Credentials;
  readonly local: LocalRedemptions;
  readonly handIn: HandIn;
  readonly trace: FrameTrace;
  readonly administer: (jws: string, signal: AbortSignal) => Promise<Committed<unknown>>;
  readonly backup: () => AsyncIterable<Uint8Array>;
  /** Numbers of meters that are only read. */
  readonly foreignMeters: ReadonlySet<string>;
  readonly meterSeries: GatewayServices['meterSeries'] | undefined;
  readonly readiness: () => ReadinessReport;
  readonly stats: () => Promise<StatsReport>;
  /** Runs a reading over one unchanging moment of the ledger. */
  readonly atOneMoment: <T>(read: (ledger: Pick<Ledger, 'evaluate'>) => Promise<T>) => Promise<T>;
  readonly clock: Clock;
}

/** What the HTTP interface needs, over the gateway's parts. */
export function createGatewayServices(parts: GatewayParts): GatewayServices {
  const { ledger, issuer, credentials, clock } = parts;
  return {
    identity: parts.identity,
    live: parts.live,
    evaluate: (name, request) => ledger.evaluate(name, request),
    submitOrder: (jws, { signal }) => parts.administer(jws, signal),
    watchFrames: (meterId, listener) => parts.trace.watch(meterId, listener),
    handIn: (jws, options) => parts.handIn.take(jws, options),
    async meterProvisioning(meterId) {
      const meter = await ledger.evaluate('GetMeter', { meterId });
      if (meter === null) throw new TapwattError('METER_UNKNOWN');
      const identity = identityOf({ who: 'meter', id: meterId });
      return {
        meterId,
        keyEpoch: meter.keyEpoch,
        rootKey: await issuer.meterRoot(meterId),
        identity,
        password: credentials.passwordOf(identity),
      };
    },
    passwordOf: (identity) => credentials.passwordOf(identity),
    async *redeem(voucher, { signal }) {
      for await (const step of parts.local.redeem(voucher, signal)) yield { ...step, atMs: clock.nowMs() };
    },
    isUnknown: (meterId) => isUnknownMeter(parts, meterId),
    meterSeries: parts.meterSeries ?? noReadings,
    backup: oneAtATime(parts.backup),
    readiness: parts.readiness,
    stats: parts.stats,
    invariants: ({ signal }) => parts.atOneMoment((still) => checkInvariants(still, { signal })),
  };
}

async function noReadings(): Promise<never> {
  throw new TapwattError('TELEMETRY_UNAVAILABLE', 'This gateway keeps no readings.');
}

/** Every reader of a backup holds a snapshot of the ledger. */
function oneAtATime(backup: () => AsyncIterable<Uint8Array>): () => AsyncIterable<Uint8Array> {
  let underWay = false;
  return async function* () {
    if (underWay) throw new TapwattError('BUSY', 'Another backup is being made.');
    underWay = true;
    try {
      yield* backup();
    } finally {
      underWay = false;
    }
  };
}
