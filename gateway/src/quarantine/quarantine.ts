import type { Alarm, Halt, LedgerRecord, MeterDetail } from '@tapwatt/chaincode';
import {
  bytesToHex,
  decodeStatus,
  ERRORS,
  type ErrorCode,
  type JwsSigner,
  signOrder,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import { createAdministration } from '../administration.ts';
import { type Clock, pause, type Random } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';
import { createRecentMap } from '../recent-map.ts';
import type { RedemptionObserver } from '../redemption/observer.ts';
import { nextStep } from './next-step.ts';

/** Meters whose newest status is kept; another one waits until it speaks again. */
const MAX_STATUSES = 20_000;
/** Meters that may wait to be looked at; one beyond is found by the next count. */
const MAX_WAITING = 20_000;
const WORKERS = 4;
const MAX_ATTEMPTS = 3;
const PAGE = 500;
/** A count of all meters may take a twentieth of the time. */
const COUNT_SHARE = 20;
/** What another gateway, or a person, was faster with. */
const OVERTAKEN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'ORDER_PENDING',
  'METER_STATE',
  'SEQ_NOT_NEXT',
]);

/** Whether the ledger issues, and to how many meters it does not. */
export interface QuarantineView {
  readonly halted?: Halt;
  /** Absent while the ledger was never restored. */
  readonly restored?: {
    readonly fromBlock?: number;
    /** Meters not yet cleared, and all; absent before they were first counted. */
    readonly waiting?: { readonly meters: number; readonly of: number };
  };
}

export interface QuarantinePorts {
  /** As this gateway's party. */
  readonly ledger: Ledger;
  readonly ledgerId: string;
  readonly issuer: Issuer;
  /** The gateway's own party key; without it the orders are left to another gateway or the utility. */
  readonly signer: JwsSigner | undefined;
  readonly observer: Pick<RedemptionObserver, 'alarm'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Between two looks at the ledger, ms. */
  readonly intervalMs: number;
  /** Whether a meter is connected; `undefined` where its broker does not tell. */
  readonly isListening: (meterId: string) => boolean | undefined;
  /** Asks a meter how it stands; what it answers goes to the ledger as a receipt. */
  readonly ask: (meterId: string, keyEpoch: number) => void;
  /** A meter has something new to be shown. */
  readonly onMeterChanged: (meterId: string) => void;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Leads meters out of the quarantine of a restore, and knows whether the ledger issues at all. */
export interface Quarantine {
  view(): QuarantineView;
  /** An authentic status of this meter. */
  heard(meterId: string, status: Uint8Array): void;
  /** The ledger took something of this meter that may change what is next. */
  changed(meterId: string, alarms?: readonly Alarm[]): void;
  /** Looks at the ledger now. */
  refresh(): Promise<void>;
  start(): void;
}

export function createQuarantine(ports: QuarantinePorts): Quarantine {
  const { ledger, clock, signal, observer } = ports;
  const statuses = createRecentMap<string, Uint8Array>(MAX_STATUSES);
  const waiting = new Set<string>();
  const order = createAdministration({
    ...ports,
    submitOrder: () => Promise.reject(new TapwattError('FORBIDDEN')),
  });
  let record: Omit<LedgerRecord, 'txId'> | undefined;
  let count: { readonly restores: number; readonly meters: number; readonly of: number } | undefined;
  let workers = 0;
  let refreshing: Promise<void> | undefined;
  let nextCountMs = 0;
  let isCountDue = false;
  let isStale = false;

  const restores = (): number => record?.restores ?? 0;
  const isActive = (): boolean => restores() > 0 && count?.meters !== 0;
  const isThere = (meterId: string): boolean =>
    statuses.get(meterId) !== undefined || ports.isListening(meterId) !== false;

  async function look(): Promise<void> {
    const before = record;
    record = (await ledger.evaluate('GetLedger', {})) ?? undefined;
    const isNew = restores() !== (before?.restores ?? 0);
    if (restores() === 0 || (!isNew && count?.meters === 0)) return;
    if (isNew || clock.monotonicMs() >= nextCountMs) await countMeters();
    else countLater();
  }

  function countLater(): void {
    if (isCountDue) return;
    isCountDue = true;
    clock.after(nextCountMs - clock.monotonicMs(), () => {
      isCountDue = false;
      if (!signal.aborted) void refresh();
    });
  }

  async function countMeters(): Promise<void> {
    const beganMs = clock.monotonicMs();
    const counting = restores();
    let [meters, of] = [0, 0];
    for (let after: string | undefined; ; ) {
      const page = await ledger.evaluate('ListMeters', {
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      of += page.meters.length;
      for (const meter of page.meters) {
        if (meter.restored === undefined) continue;
        meters += 1;
        if (nextStep(meter) !== 'wait' && isThere(meter.meterId)) enqueue(meter.meterId);
      }
      if (page.next === undefined || signal.aborted) break;
      after = page.next;
      await pause(clock, 0, signal);
    }
    count = { restores: counting, meters, of };
    nextCountMs = clock.monotonicMs() + COUNT_SHARE * (clock.monotonicMs() - beganMs);
  }

  /** Whoever asks while a look is under way may know of something newer than it has seen: it is looked again. */
  function refresh(): Promise<void> {
    isStale = refreshing !== undefined;
    refreshing ??= look()
      .catch((error) => {
        if (!signal.aborted) ports.onError(error, 'look whether the ledger issues');
      })
      .finally(() => {
        refreshing = undefined;
        if (isStale && !signal.aborted) void refresh();
      });
    return refreshing;
  }

  function enqueue(meterId: string): void {
    if (waiting.size < MAX_WAITING) waiting.add(meterId);
    if (workers >= WORKERS) return;
    workers += 1;
    void work().finally(() => {
      workers -= 1;
    });
  }

  async function work(): Promise<void> {
    for (const meterId of waiting) {
      waiting.delete(meterId);
      if (signal.aborted) return;
      await lead(meterId).catch((error) => leadFailed(error, meterId));
    }
  }

  function leadFailed(error: unknown, meterId: string): void {
    if (error instanceof TapwattError && OVERTAKEN.has(error.code)) return;
    if (!signal.aborted) ports.onError(error, `lead meter ${meterId} out of quarantine`);
  }

  async function lead(meterId: string): Promise<void> {
    const meter = await ledger.evaluate('GetMeter', { meterId });
    if (meter === null) return;
    switch (nextStep(meter)) {
      case 'read':
        return readMeter(meter);
      case 'order':
        return renewKey(meter);
      case 'cleared':
        return refresh();
      default:
        return undefined;
    }
  }

  /**
   * An old status will do, since a meter sends one only when it connects and may stay for days: it tells the epoch to
   * end. One whose status was never heard here is asked. Only of a closed meter, which no epoch's end clears, an old
   * status would look like a register that fell, and an answer is not enough.
   */
  async function readMeter(meter: MeterDetail): Promise<void> {
    const { meterId, keyEpoch, closed } = meter;
    const status = statuses.get(meterId);
    if (status === undefined) {
      if (!closed && ports.isListening(meterId) !== false) ports.ask(meterId, keyEpoch);
      return;
    }
    const decoded = decodeStatus(status);
    if (!decoded.ok) return;
    if (closed && decoded.fields.receiptNo < (meter.seen?.receiptNo ?? 0)) return;
    const transaction = { name: 'RecordMeter', request: { status: bytesToHex(status) } } as const;
    const { result } = await submitSurely(ledger, transaction, { ...ports, maxAttempts: MAX_ATTEMPTS });
    if (result.changed) changed(meterId, result.alarms);
  }

  async function renewKey({ meterId }: MeterDetail): Promise<void> {
    if (ports.signer === undefined) return;
    const payload = {
      aud: ports.ledgerId,
      requestId: bytesToHex(ports.random.bytes(16)),
      op: 'RotateMeterKey',
      at: Math.floor(clock.nowMs() / 1000),
      request: { meterId, reason: `quarantine after restore ${restores()}` },
    };
    await order(signOrder(payload, ports.signer), signal);
  }

  function changed(meterId: string, alarms: readonly Alarm[] = []): void {
    for (const alarm of alarms) observer.alarm({ ...alarm, ...WORDS[alarm.what] });
    if (alarms.length > 0) void refresh();
    if (isActive()) enqueue(meterId);
  }

  function schedule(): void {
    clock.after(ports.intervalMs, () => {
      if (!signal.aborted) void refresh().finally(schedule);
    });
  }

  return {
    view: () => viewOf(record, count),
    heard(meterId, status) {
      statuses.set(meterId, status.slice());
      if (isActive()) enqueue(meterId);
    },
    changed,
    refresh,
    start: schedule,
  };
}

const registered = (code: ErrorCode) => ({ code, message: `${ERRORS[code].meaning} ${ERRORS[code].remedy}` });

const WORDS = {
  halted: registered('LEDGER_HALTED'),
  conflict: registered('CONFLICT'),
  locked: registered('LOCKED'),
  orphan: {
    code: 'VOUCHER_UNKNOWN',
    message: 'The meter’s register shows credit that this ledger does not know.',
  },
  'fulfilled-after-void': {
    code: 'VOUCHER_STATE',
    message: 'The meter credited a voucher that it had voided.',
  },
  'voided-after-fulfilment': {
    code: 'VOUCHER_STATE',
    message: 'The meter voided a voucher that it had credited.',
  },
  'register-fell': {
    code: 'METER_STATE',
    message: 'The meter’s register fell: its board was swapped or set back.',
  },
  'ledger-behind': { code: 'METER_STATE', message: 'The meter is where this ledger never sent it.' },
} as const satisfies Record<Alarm['what'], { readonly code: ErrorCode; readonly message: string }>;

function viewOf(
  record: Omit<LedgerRecord, 'txId'> | undefined,
  count: { readonly restores: number; readonly meters: number; readonly of: number } | undefined,
): QuarantineView {
  const { halted, restores = 0, restored } = record ?? {};
  const from = restored === undefined ? {} : { fromBlock: restored.number };
  const waiting = count?.restores === restores ? { waiting: { meters: count.meters, of: count.of } } : {};
  return {
    ...(halted === undefined ? {} : { halted }),
    ...(restores === 0 ? {} : { restored: { ...from, ...waiting } }),
  };
}
