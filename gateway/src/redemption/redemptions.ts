import type { MeterSummary, VoucherRecord } from '@tapwatt/chaincode';
import {
  bytesToHex,
  type ErrorCode,
  hexToBytes,
  type ReceiptFields,
  type StatusFields,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';
import { type AcknowledgeableReceipt, acknowledgeable, raises, type ShownWindow } from './acknowledgement.ts';
import { noRedemptions, progressOfVoucher, stepRedemptions } from './meter-redemptions.ts';
import type { RedemptionObserver } from './observer.ts';
import type { Settlement, Settler } from './settler.ts';
import { createTeller } from './tell-watchers.ts';
import type {
  MeterRedemptions,
  Progress,
  Purpose,
  RedemptionEffect,
  RedemptionInput,
  Watcher,
} from './types.ts';

/** How often deliveries are looked at for an answer that did not come, ms. */
const TICK_MS = 1_000;
/** Attempts for what the gateway itself asks of the ledger; the sweep asks again. */
const MAX_LEDGER_ATTEMPTS = 5;

/** Deliveries of all meters at a time, those included whose meters are away: about 1 KB each. */
const MAX_DELIVERIES_IN_ALL = 50_000;
/** Offset of the voucherId in a receipt (WIRE.md, "Receipt"). */
const VOUCHER_ID_AT = 24;

/** The way to meters, whatever carries it. A failed delivery may be dropped: it is repeated. */
export interface MeterLink {
  /** `away`: nobody was there to take it. */
  present(meterId: string, voucher: Uint8Array): Promise<'handed-over' | 'away'>;
  acknowledge(meterId: string, acknowledgement: Uint8Array): Promise<unknown>;
}

export interface RedemptionPorts {
  readonly issuer: Issuer;
  readonly ledger: Ledger;
  readonly settler: Settler;
  readonly link: MeterLink;
  readonly observer: RedemptionObserver;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Where a handset's request hears of its progress. */
  readonly tell: (watcher: Watcher, progress: Progress) => void;
  /** The ledger has other things to show to this meter now: void orders of vouchers that its answer left without a future. */
  readonly onOpenChanged: (meterId: string) => void;
}

/** All meters' redemptions: feeds the core and carries out its effects. */
export interface Redemptions {
  deliver(
    meterId: string,
    delivery: { voucherId: string; purpose: Purpose; frame: Uint8Array; watcher?: Watcher },
  ): void;
  /** Presents a frame, once, to a meter that may be away: nothing is kept of it, and its answer is heard as any other. */
  knock(meterId: string, open: { voucherId: string; frame: Uint8Array }): Promise<'handed-over' | 'away'>;
  /** This request waits no longer; its voucher goes on. */
  leave(meterId: string, watcher: Watcher): void;
  /** A frame from `up/rcpt` of this meter; answers its fields, or `undefined` for what is not authentic and ignored. */
  receipt(meterId: string, frame: Uint8Array): Promise<ReceiptFields | undefined>;
  reachable(meterId: string, reachable: boolean): void;
  isReachable(meterId: string): boolean;
  /** The window that an authentic status shows, for the next acknowledgement. */
  shown(status: StatusFields): void;
  /** Settles a receipt that a courier carried; the meter's own deliveries hear of it too. */
  settle(frame: Uint8Array): Promise<Settlement>;
  /** What the ledger says of a voucher that waits here; says nothing while it is open. */
  ended(record: VoucherRecord): void;
  /** Vouchers that wait here for meters that are not reachable here. */
  waiting(): Set<string>;
  /** Where a voucher under way stands; `undefined` when it is not under way. */
  progress(meterId: string, voucherId: string): Progress | undefined;
  /** Deliveries presented, or answered and not yet settled. */
  readonly inFlight: number;
  readonly meters: number;
}

interface Entry {
  redemptions: MeterRedemptions;
  shown: ShownWindow | undefined;
  /** What the meter was last told, or said that it has. */
  acknowledged: AcknowledgeableReceipt | undefined;
}

export function createRedemptions(ports: RedemptionPorts): Redemptions {
  const { issuer, ledger, observer, clock } = ports;
  const tell = createTeller(ledger, ports.tell);
  const entries = new Map<string, Entry>();
  const busy = new Set<string>();
  const settling = new Set<string>();
  let inFlight = 0;
  let held = 0;

  function entryOf(meterId: string): Entry {
    const known = entries.get(meterId);
    if (known !== undefined) return known;
    const fresh: Entry = { redemptions: noRedemptions(meterId), shown: undefined, acknowledged: undefined };
    entries.set(meterId, fresh);
    return fresh;
  }

  function feed(meterId: string, input: RedemptionInput): void {
    const entry = entryOf(meterId);
    const step = stepRedemptions(entry.redemptions, input, clock.nowMs());
    held += step.state.deliveries.length - entry.redemptions.deliveries.length;
    inFlight += onTheirWay(step.state) - onTheirWay(entry.redemptions);
    entry.redemptions = step.state;
    const idle = step.state.deliveries.length === 0;
    if (idle) busy.delete(meterId);
    else busy.add(meterId);
    for (const effect of step.effects) carryOut(meterId, effect);
    if (idle && !step.state.reachable) entries.delete(meterId);
  }

  function carryOut(meterId: string, effect: RedemptionEffect): void {
    switch (effect.type) {
      case 'present':
        present(meterId, effect);
        break;
      case 'tell':
        tell(effect.watcher, effect.progress);
        break;
      case 'settle':
        settleAndTell(meterId, effect).catch(noteUnlessStopping);
        break;
      case 'on-meter':
        observer.onMeter({ voucherId: effect.voucherId, meterId });
        break;
      case 'request-cancel':
        cancelForMeter(meterId, effect).catch(noteUnlessStopping);
        break;
      case 'withdraw-order':
        withdraw(meterId, effect.frame).catch(noteUnlessStopping);
        break;
      case 'alarm':
        alarm({ meterId, voucherId: effect.voucherId, code: effect.code });
        break;
      default:
        effect satisfies never;
    }
  }

  function present(meterId: string, effect: Extract<RedemptionEffect, { type: 'present' }>): void {
    const { voucherId, attempt } = effect;
    observer.presented({ voucherId, meterId, attempt, kind: effect.frame[1] ?? 0 });
    ports.link.present(meterId, effect.frame).then(
      (handover) => handover === 'away' && feed(meterId, { type: 'reachable', reachable: false }),
      // A frame that did not leave is presented again by the tick.
      () => undefined,
    );
  }

  async function settleAndTell(
    meterId: string,
    effect: { readonly voucherId: string; readonly frame: Uint8Array },
  ): Promise<void> {
    const fingerprint = bytesToHex(effect.frame.subarray(VOUCHER_ID_AT, VOUCHER_ID_AT + 16));
    if (settling.has(fingerprint)) return;
    settling.add(fingerprint);
    try {
      settledBy(meterId, await ports.settler.settle(effect.frame));
    } catch (error) {
      feed(meterId, { type: 'unsettled', voucherId: effect.voucherId });
      throw error;
    } finally {
      settling.delete(fingerprint);
    }
  }

  function settledBy(meterId: string, { txId, result }: Settlement): void {
    const { voucherId, outcome } = result;
    observer.settled({ voucherId, meterId, outcome, txId, repeated: result.repeated });
    if (outcome === 'orphan') alarm({ meterId, voucherId, code: 'VOUCHER_UNKNOWN' });
    feed(meterId, { type: 'settled', voucherId, outcome, txId });
    if (result.meter !== undefined) acknowledge(meterId, result.meter);
    if (outcome === 'epoch-ended' || result.code === 'CONFLICT') ports.onOpenChanged(meterId);
  }

  function acknowledge(meterId: string, meter: MeterSummary): void {
    const entry = entries.get(meterId);
    const answer = entry?.shown === undefined ? undefined : acknowledgeable(entry.shown, meter);
    if (entry === undefined || answer === undefined || !raises(answer, entry.acknowledged)) return;
    const before = entry.acknowledged;
    entry.acknowledged = answer;
    issuer
      .acknowledge({ meterId, ...answer })
      .then((frame) => ports.link.acknowledge(meterId, frame))
      .catch(() => {
        // It did not leave: the next receipt that settles is answered all the same.
        if (entry.acknowledged === answer) entry.acknowledged = before;
      });
  }

  /** EXPIRED only lets the gateway ask for the cancel; the meter then decides (DESIGN.md, principle 4). */
  async function cancelForMeter(
    meterId: string,
    effect: { readonly voucherId: string; readonly reason: ErrorCode },
  ): Promise<void> {
    const { voucherId, reason } = effect;
    const edges = { ...ports, maxAttempts: MAX_LEDGER_ATTEMPTS };
    await submitSurely(ledger, { name: 'RequestCancel', request: { voucherId, reason } }, edges);
    const frame = await issuer.sealVoid(voucherId);
    feed(meterId, { type: 'deliver', voucherId, purpose: 'void', frame });
  }

  async function withdraw(meterId: string, frame: Uint8Array): Promise<void> {
    const request = { meterId, receipt: bytesToHex(frame) };
    const edges = { ...ports, maxAttempts: MAX_LEDGER_ATTEMPTS };
    await submitSurely(ledger, { name: 'WithdrawOrder', request }, edges);
    ports.onOpenChanged(meterId);
  }

  function alarm(of: { meterId: string; voucherId: string; code: ErrorCode }): void {
    observer.alarm({ ...of, message: `The meter or the ledger answered ${of.code} for this voucher.` });
  }

  /** What fails here is asked again by the sweep; a rule's refusal is worth a line. */
  function noteUnlessStopping(error: unknown): void {
    if (ports.signal.aborted) return;
    const code = error instanceof TapwattError ? error.code : 'INTERNAL';
    observer.refused({ code, message: error instanceof Error ? error.message : String(error) });
  }

  function tick(): void {
    if (ports.signal.aborted) return;
    for (const meterId of [...busy]) feed(meterId, { type: 'tick' });
    clock.after(TICK_MS, tick);
  }
  clock.after(TICK_MS, tick);

  return {
    deliver(meterId, delivery) {
      if (held >= MAX_DELIVERIES_IN_ALL && delivery.watcher !== undefined) {
        const { voucherId, watcher } = delivery;
        ports.tell(watcher, { status: 'refused', voucherId, code: 'BUSY' });
      }
      if (held < MAX_DELIVERIES_IN_ALL) feed(meterId, { type: 'deliver', ...delivery });
    },

    knock(meterId, { voucherId, frame }) {
      observer.presented({ voucherId, meterId, attempt: 1, kind: frame[1] ?? 0 });
      return ports.link.present(meterId, frame);
    },

    leave(meterId, watcher) {
      if (entries.has(meterId)) feed(meterId, { type: 'leave', watcher });
    },

    async receipt(meterId, frame) {
      const receipt = await authenticReceipt(meterId, frame);
      if (receipt === undefined) return undefined;
      const { fields } = receipt;
      observer.answered({ meterId, fields });
      show(meterId, fields);
      feed(meterId, { type: 'receipt', frame, ...receipt });
      return fields;
    },

    reachable(meterId, isReachable) {
      const was = entries.get(meterId)?.redemptions.reachable ?? false;
      if (was !== isReachable) observer.reachable(meterId, isReachable);
      feed(meterId, { type: 'reachable', reachable: isReachable });
    },

    isReachable: (meterId) => entries.get(meterId)?.redemptions.reachable ?? false,
    shown(status) {
      const { keyEpoch, ackedReceiptNo: receiptNo, floorSeq } = status;
      show(String(status.meterId), status);
      entryOf(String(status.meterId)).acknowledged = { keyEpoch, receiptNo, floorSeq };
    },

    async settle(frame) {
      const { fields } = await issuer.readReceipt(frame);
      const settlement = await ports.settler.settle(frame);
      settledBy(String(fields.meterId), settlement);
      return settlement;
    },

    ended(record) {
      const { voucherId, meterId, settledTxId: txId, receipt } = record;
      const outcome = OUTCOME_OF[record.status];
      if (outcome === undefined || txId === undefined || !entries.has(meterId)) return;
      const proof = receipt === undefined ? {} : { receipt: hexToBytes(receipt) };
      feed(meterId, { type: 'settled', voucherId, outcome, txId, ...proof });
    },

    waiting() {
      const away = [...busy].flatMap((meterId) => entries.get(meterId)?.redemptions ?? []);
      return new Set(
        away.flatMap(({ reachable, deliveries }) =>
          reachable ? [] : deliveries.filter(isWaiting).map((delivery) => delivery.voucherId),
        ),
      );
    },

    progress(meterId, voucherId) {
      const state = entries.get(meterId)?.redemptions;
      return state === undefined ? undefined : progressOfVoucher(state, voucherId);
    },

    get inFlight() {
      return inFlight;
    },
    get meters() {
      return entries.size;
    },
  };

  async function authenticReceipt(meterId: string, frame: Uint8Array) {
    try {
      const receipt = await issuer.readReceipt(frame);
      if (String(receipt.fields.meterId) === meterId) return receipt;
      throw new TapwattError('WRONG_METER', 'A meter sent another meter’s receipt.');
    } catch (error) {
      const code = error instanceof TapwattError ? error.code : 'INTERNAL';
      observer.refused({ meterId, code, message: 'A receipt was ignored.' });
      return undefined;
    }
  }

  /** Only ever the newest number: receipts come late and twice. */
  function show(meterId: string, window: ShownWindow): void {
    const entry = entryOf(meterId);
    const newer =
      entry.shown === undefined ||
      window.keyEpoch > entry.shown.keyEpoch ||
      (window.keyEpoch === entry.shown.keyEpoch && window.receiptNo >= entry.shown.receiptNo);
    if (!newer) return;
    entry.shown = {
      keyEpoch: window.keyEpoch,
      receiptNo: window.receiptNo,
      hi: window.hi,
      used: window.used,
    };
  }
}

const OUTCOME_OF: Readonly<Record<VoucherRecord['status'], 'redeemed' | 'voided' | undefined>> = {
  ISSUED: undefined,
  CANCELLING: undefined,
  REDEEMED: 'redeemed',
  VOIDED: 'voided',
  RELEASED: 'voided',
};

const isWaiting = ({ phase, purpose }: MeterRedemptions['deliveries'][number]): boolean =>
  phase === 'waiting' && purpose !== 'order';

const onTheirWay = (state: MeterRedemptions): number =>
  state.deliveries.reduce((count, delivery) => (delivery.phase === 'waiting' ? count : count + 1), 0);
