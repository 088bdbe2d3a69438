import type { MeterSummary, VoucherRecord } from '@tapwatt/chaincode';
import {
  bytesToHex,
  ERRORS,
  type ErrorCode,
  hexToBytes,
  messageOf,
  type ReceiptFields,
  type StatusFields,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import type { Issuer } from '../issuer/issuer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';
import { createAcknowledger } from './acknowledger.ts';
import type { Handover, MeterLinks } from './meter-link.ts';
import { noRedemptions, progressOfVoucher, stepRedemptions } from './meter-redemptions.ts';
import type { RedemptionObserver } from './observer.ts';
import type { Settlement, Settler } from './settler.ts';
import { createTeller } from './tell-watchers.ts';
import type {
  LinkName,
  MeterRedemptions,
  NewDelivery,
  Progress,
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

export interface RedemptionPorts {
  readonly issuer: Issuer;
  readonly ledger: Ledger;
  readonly settler: Settler;
  readonly links: MeterLinks;
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
  deliver(meterId: string, delivery: NewDelivery): void;
  /** Presents a frame, once, to a meter that may be away: nothing is kept of it, and its answer is heard as any other. */
  knock(meterId: string, open: { voucherId: string; frame: Uint8Array }): Promise<Handover>;
  /** This request waits no longer; its voucher goes on. */
  leave(meterId: string, watcher: Watcher): void;
  /**
   * A receipt from the meter itself; answers its fields, or `undefined` for what is not authentic and ignored. Throws
   * the issuer's error while nobody can tell whether it is.
   */
  receipt(meterId: string, frame: Uint8Array, link: LinkName): Promise<ReceiptFields | undefined>;
  /** A link reaches the meter now, or does not any more. */
  reachable(meterId: string, reachable: boolean, link: LinkName): void;
  /** A reader has the meter at hand: all that waits for it is presented there now, until it is not reachable there. */
  met(meterId: string, link: LinkName): void;
  /** By this link, or by any. */
  isReachable(meterId: string, link?: LinkName): boolean;
  /** The window that an authentic status shows, for the next acknowledgement. */
  shown(status: StatusFields): void;
  /** Acknowledges to the meter what it has shown and the ledger has resolved; resolves when that was sent. */
  resolved(meter: MeterSummary): Promise<void>;
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
  /** By which it is reachable. */
  readonly links: Set<LinkName>;
}

export function createRedemptions(ports: RedemptionPorts): Redemptions {
  const { issuer, ledger, observer, clock } = ports;
  const tell = createTeller(ledger, ports.tell);
  const acknowledger = createAcknowledger({ issuer, link: ports.links });
  const entries = new Map<string, Entry>();
  const busy = new Set<string>();
  const settling = new Set<string>();
  let inFlight = 0;
  let held = 0;

  function entryOf(meterId: string): Entry {
    const known = entries.get(meterId);
    if (known !== undefined) return known;
    const fresh: Entry = { redemptions: noRedemptions(meterId), links: new Set() };
    entries.set(meterId, fresh);
    return fresh;
  }

  function feed(meterId: string, input: RedemptionInput): void {
    const entry = entryOf(meterId);
    const step = stepRedemptions(entry.redemptions, input, clock.monotonicMs());
    held += step.state.deliveries.length - entry.redemptions.deliveries.length;
    inFlight += onTheirWay(step.state) - onTheirWay(entry.redemptions);
    entry.redemptions = step.state;
    const idle = step.state.deliveries.length === 0;
    if (idle) busy.delete(meterId);
    else busy.add(meterId);
    if (!step.state.reachable) entry.links.clear();
    for (const effect of step.effects) carryOut(meterId, effect);
    if (idle && !step.state.reachable) forget(meterId);
  }

  function forget(meterId: string): void {
    entries.delete(meterId);
    acknowledger.forget(meterId);
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
        observer.onMeter({ voucherId: effect.voucherId, meterId, link: effect.link });
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
    const { voucherId, attempt, via } = effect;
    observer.presented({ voucherId, meterId, attempt, kind: effect.frame[1] ?? 0, link: via });
    ports.links.present(meterId, effect.frame, via).then(
      (handover) => handover === 'away' && lost(meterId, via),
      // A frame that did not leave is presented again by the tick.
      () => undefined,
    );
  }

  function lost(meterId: string, via: LinkName | undefined): void {
    const links = entries.get(meterId)?.links;
    if (via === undefined) links?.clear();
    else links?.delete(via);
    if (links === undefined || links.size === 0) feed(meterId, { type: 'reachable', reachable: false });
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
    if (result.meter !== undefined) void acknowledger.resolved(result.meter);
    if (outcome === 'epoch-ended' || result.code === 'CONFLICT') ports.onOpenChanged(meterId);
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
    observer.refused({ code, message: messageOf(error) });
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
      observer.presented({ voucherId, meterId, attempt: 1, kind: frame[1] ?? 0, link: undefined });
      return ports.links.present(meterId, frame);
    },

    leave(meterId, watcher) {
      if (entries.has(meterId)) feed(meterId, { type: 'leave', watcher });
    },

    async receipt(meterId, frame, link) {
      const receipt = await authenticReceipt(meterId, frame);
      if (receipt === undefined) return undefined;
      const { fields } = receipt;
      observer.answered({ meterId, fields, link });
      acknowledger.received(meterId, fields);
      feed(meterId, { type: 'receipt', frame, link, ...receipt });
      return fields;
    },

    reachable(meterId, isReachable, link) {
      const { links, redemptions } = entryOf(meterId);
      if (isReachable) links.add(link);
      else links.delete(link);
      const byAnother = !isReachable && links.size > 0;
      if (byAnother) return;
      if (redemptions.reachable !== isReachable) observer.reachable(meterId, isReachable);
      feed(meterId, { type: 'reachable', reachable: isReachable });
    },

    met(meterId, link) {
      const { links, redemptions } = entryOf(meterId);
      links.add(link);
      if (!redemptions.reachable) observer.reachable(meterId, true);
      feed(meterId, { type: 'met', link });
    },

    isReachable(meterId, link) {
      const entry = entries.get(meterId);
      if (entry === undefined) return false;
      return link === undefined ? entry.redemptions.reachable : entry.links.has(link);
    },

    shown(status) {
      acknowledger.stands(status);
    },
    resolved: acknowledger.resolved,

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
      if (ERRORS[code].retry === 'same') throw error;
      return undefined;
    }
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
