import type { MeterDetail, QueryName, QueryRequest, QueryResult, VoucherRecord } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { createLiveBoard, type LiveBoard } from '../../observability/live-board.ts';
import type { MeterSeries, SeriesQuestion } from '../../telemetry/meter-series.ts';
import type { GatewayServices, ReadinessReport, RedemptionStep } from '../services.ts';

/** A gateway's services whose answers a test scripts; it keeps records in memory and runs no rules. */
export interface ScriptedServices extends GatewayServices {
  readonly board: LiveBoard;
  readonly meters: Map<string, MeterDetail>;
  readonly vouchers: Map<string, VoucherRecord>;
  readonly orders: string[];
  /** What was asked of readings, and what is answered. */
  readonly questions: SeriesQuestion[];
  series: MeterSeries;
  report: ReadinessReport;
  /** What the next redemption answers. */
  steps: readonly RedemptionStep[];
  /** Thrown by every ledger read while it is set. */
  failure: Error | undefined;
}

export function scriptedServices(
  clock: { nowMs(): number } = { nowMs: () => 1_700_000_000_000 },
): ScriptedServices {
  const meters = new Map<string, MeterDetail>();
  const vouchers = new Map<string, VoucherRecord>();
  const orders: string[] = [];
  const board = createLiveBoard({
    clock,
    readiness: () => services.report,
    ledgerHead: () => ({ blockNumber: 41, blockHash: 'ab'.repeat(32) }),
    maxMeters: 20_000,
  });
  const services: ScriptedServices = {
    identity: {
      gatewayId: 'gateway',
      site: 'home',
      ledgerId: 'tapwatt-dev',
      profile: 'development',
      version: '0.1.0',
      startedAtMs: clock.nowMs(),
    },
    live: board,
    board,
    meters,
    vouchers,
    orders,
    questions: [],
    series: {
      ...{ meterId: '7', fromMs: 0, toMs: 1, resolution: 'raw', points: [], gaps: [], truncated: false },
    },
    report: { state: 'ready', reasons: [] },
    steps: [],
    failure: undefined,
    async evaluate(name, request) {
      if (services.failure !== undefined) throw services.failure;
      return answer({ meters, vouchers }, name, request);
    },
    async *backup() {
      yield new Uint8Array(3);
    },
    async submitOrder(jws) {
      orders.push(jws);
      return { txId: 'cd'.repeat(16), blockNumber: 42, result: { ok: true } };
    },
    async meterProvisioning(meterId) {
      if (!meters.has(meterId)) throw new TapwattError('METER_UNKNOWN');
      return {
        meterId,
        keyEpoch: 1,
        rootKey: '11'.repeat(32),
        identity: `m-${meterId}`,
        password: `pw-m-${meterId}`,
      };
    },
    passwordOf: (identity) => `pw-${identity}`,
    isUnknown: async (meterId) => !meters.has(meterId),
    async meterSeries(question) {
      services.questions.push(question);
      return services.series;
    },
    handIn: async () => [],
    watchFrames: () => () => undefined,
    async *redeem() {
      yield* services.steps;
    },
    readiness: () => services.report,
    stats: async () => ({ ledger: { blocks: 42 } }),
    invariants: async () => ({ ok: true, breaches: [], checked: { breaches: 0, records: vouchers.size } }),
  };
  return services;
}

interface Records {
  readonly meters: Map<string, MeterDetail>;
  readonly vouchers: Map<string, VoucherRecord>;
}

type Answers = { [N in QueryName]?: (records: Records, request: QueryRequest<N>) => QueryResult<N> };

const ANSWERS: Answers = {
  GetMeter: ({ meters }, { meterId }) => meters.get(meterId) ?? null,
  ListMeters: ({ meters }, { after, limit }) => {
    const all = [...meters.values()];
    const start = after === undefined ? 0 : all.findIndex((meter) => meter.meterId === after) + 1;
    const page = all.slice(start, start + limit);
    const last = page.at(-1);
    return start + limit < all.length && last !== undefined
      ? { meters: page, next: last.meterId }
      : { meters: page };
  },
  CheckVoucher: ({ vouchers }, { voucherId }) => vouchers.get(voucherId) ?? null,
  ListVouchers: ({ vouchers }, { meterId, limit }) => ({
    vouchers: [...vouchers.values()]
      .filter((one) => meterId === undefined || one.meterId === meterId)
      .slice(0, limit),
  }),
  GetWallet: (_, { walletId }) =>
    walletId === 'w1'
      ? { walletId, agentId: 'agent-1', balance: '500000', held: '2000', state: 'open' }
      : null,
  GetParty: (_, { id }) => {
    if (id === 'h1')
      return { id, role: 'handset', agentId: 'agent-1', suspended: false, txId: 'ab'.repeat(16) };
    return id === 'bank' ? { id, role: 'bank', suspended: false, txId: 'ab'.repeat(16) } : null;
  },
  GetVoucherLife: () => null,
  GetDeposit: () => null,
};

function answer<N extends QueryName>(records: Records, name: N, request: QueryRequest<N>): QueryResult<N> {
  const found = ANSWERS[name];
  if (found === undefined) throw new TapwattError('NOT_FOUND', `${name} is not scripted.`);
  return (found as (records: Records, request: QueryRequest<N>) => QueryResult<N>)(records, request);
}

/** A meter without any voucher. */
export function scriptedMeter(meterId: string, more: Partial<MeterDetail> = {}): MeterDetail {
  return {
    meterId,
    keyEpoch: 1,
    nextSeq: 1,
    floorSeq: 1,
    openLimit: 16,
    open: [],
    settled: '0',
    closed: false,
    suspended: false,
    quarantined: false,
    orphaned: '0',
    orphans: 0,
    unproven: '0',
    ...more,
  };
}

export function scriptedVoucher(voucherId: string, more: Partial<VoucherRecord> = {}): VoucherRecord {
  return {
    voucherId,
    kind: 1,
    meterId: '7',
    keyEpoch: 1,
    seq: 1,
    floorSeq: 1,
    amount: '10000',
    issuedAt: 1_700_000_000,
    expiresAt: 0,
    walletId: 'w1',
    agentId: 'agent-1',
    kid: 'h1',
    requestId: 'r1',
    payloadHash: '00'.repeat(32),
    fulfilHash: '01'.repeat(32),
    voidHash: '02'.repeat(32),
    deliver: true,
    status: 'ISSUED',
    txId: 'ab'.repeat(16),
    ...more,
  };
}
