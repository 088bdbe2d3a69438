import { type ErrorCode, isErrorCode, type ReceiptFields, resultName } from '@tapwatt/firmware-contracts';
import type { Proof } from '../issuer/issuer.ts';
import type {
  Delivery,
  LinkName,
  MeterRedemptions,
  Progress,
  RedemptionEffect,
  RedemptionInput,
  RedemptionStep,
  Watcher,
} from './types.ts';

/** Deliveries of one meter at a time: the window of WIRE.md, 64 vouchers, each with a void order. */
export const MAX_DELIVERIES = 128;
/** Requests that may wait for one voucher. */
const MAX_WATCHERS = 16;
/** How long a presented voucher waits for its receipt before it is presented again, ms; doubled at each attempt. */
export const ANSWER_TIMEOUT_MS = 4_000;
/** After so many unanswered presentations the meter counts as away, until it is heard again or the sweep comes by. */
export const MAX_ATTEMPTS = 4;
/** How long a meter's "not now" (OVER_LIMIT, LOCKED) is respected, ms. */
export const NOT_NOW_MS = 60_000;

/** Refusals that a later presentation may turn: the request goes on as `pending`. */
const NOT_NOW: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['OVER_LIMIT', 'LOCKED', 'EXPIRED']);
/**
 * What a meter says of bytes before it has verified their MAC (WIRE.md, step 1). Of a frame that was sealed here, or whose
 * MAC was verified here, it tells that it was damaged or forged on its way, and nothing of the voucher.
 */
export const ABOUT_THE_BYTES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_FORMAT',
  'WRONG_METER',
  'BAD_MAC',
]);
/** Refusals of an order that end the order itself (WIRE.md, "What the meter does with a voucher"). */
const WITHDRAWS_ORDER: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['CONFLICT', 'BAD_EPOCH', 'CLOSED']);

export const noRedemptions = (meterId: string): MeterRedemptions => ({
  meterId,
  reachable: false,
  deliveries: [],
});

/**
 * The redemption core: what to present to one meter, when, and whom to tell (DESIGN.md, "One voucher's way").
 *
 * Pure: (state, input, now in ms) to a new state and effects. It decides nothing about money: the meter and the
 * ledger do, and every effect may happen twice or never.
 */
export function stepRedemptions(
  state: MeterRedemptions,
  input: RedemptionInput,
  nowMs: number,
): RedemptionStep {
  switch (input.type) {
    case 'deliver':
      return deliver(state, input, nowMs);
    case 'leave':
      return leave(state, input.watcher);
    case 'reachable':
      return reachable(state, input.reachable, nowMs);
    case 'met':
      return met(state, input.link, nowMs);
    case 'receipt':
      return receipt(state, input, nowMs);
    case 'settled':
      return settled(state, input);
    case 'unsettled':
      return unsettled(state, input.voucherId, nowMs);
    case 'tick':
      return tick(state, nowMs);
    default:
      return input satisfies never;
  }
}

type Input<T extends RedemptionInput['type']> = Extract<RedemptionInput, { type: T }>;

function deliver(state: MeterRedemptions, input: Input<'deliver'>, nowMs: number): RedemptionStep {
  const existing = onItsWay(state, input);
  const givesWay = existing !== undefined && isUncheckedBeside(existing, input);
  if (existing !== undefined && !givesWay) return join(state, existing, input.watcher);
  const replaced = givesWay ? existing : creditUnder(state, input);
  if (state.deliveries.length >= MAX_DELIVERIES && replaced === undefined) {
    return {
      state,
      effects: tellOne(input.watcher, { status: 'refused', voucherId: input.voucherId, code: 'BUSY' }),
    };
  }
  const fresh: Delivery = {
    voucherId: input.voucherId,
    purpose: input.purpose,
    frame: input.frame,
    phase: 'waiting',
    attempts: 0,
    notBeforeMs: 0,
    watchers: withWatcher(replaced?.watchers ?? [], input.watcher),
    ...(input.isUnchecked === true ? { isUnchecked: true } : {}),
  };
  const step = state.reachable ? present(fresh, nowMs) : undefined;
  const delivery = step?.delivery ?? fresh;
  return {
    state: { ...state, deliveries: [...state.deliveries.filter((one) => one !== replaced), delivery] },
    effects: [...(step?.effects ?? []), ...tellAll(delivery, progressOf(delivery))],
  };
}

/** The same delivery already on its way; for a credit, also the void order that stands in its place. */
const onItsWay = (state: MeterRedemptions, input: Input<'deliver'>): Delivery | undefined =>
  state.deliveries.find(
    (one) =>
      one.voucherId === input.voucherId &&
      (one.purpose === input.purpose || (input.purpose === 'credit' && one.purpose === 'void')),
  );

/** What anybody may have made up must not keep the sealed voucher away from its meter. */
const isUncheckedBeside = (existing: Delivery, input: Input<'deliver'>): boolean =>
  existing.isUnchecked === true && existing.phase !== 'answered' && input.isUnchecked !== true;

/** The credit that a void order takes the place of, with its watchers; one that the meter answered stays. */
const creditUnder = (state: MeterRedemptions, input: Input<'deliver'>): Delivery | undefined =>
  input.purpose === 'void'
    ? state.deliveries.find(
        (one) => one.voucherId === input.voucherId && one.purpose === 'credit' && one.phase !== 'answered',
      )
    : undefined;

const withWatcher = (watchers: readonly Watcher[], watcher: Watcher | undefined): readonly Watcher[] =>
  watcher === undefined || watchers.some((one) => sameWatcher(one, watcher))
    ? watchers
    : [...watchers, watcher];

/** A second request for a voucher that is on its way already hears where it stands. */
function join(state: MeterRedemptions, delivery: Delivery, watcher: Watcher | undefined): RedemptionStep {
  if (watcher === undefined) return { state, effects: [] };
  const known = delivery.watchers.some((one) => sameWatcher(one, watcher));
  if (!known && delivery.watchers.length >= MAX_WATCHERS) {
    return {
      state,
      effects: tellOne(watcher, { status: 'refused', voucherId: delivery.voucherId, code: 'BUSY' }),
    };
  }
  const joined = known ? delivery : { ...delivery, watchers: [...delivery.watchers, watcher] };
  return { state: replace(state, delivery, joined), effects: tellOne(watcher, progressOf(joined)) };
}

function leave(state: MeterRedemptions, watcher: Watcher): RedemptionStep {
  const deliveries = state.deliveries.map((delivery) => ({
    ...delivery,
    watchers: delivery.watchers.filter((one) => !sameWatcher(one, watcher)),
  }));
  return { state: { ...state, deliveries }, effects: [] };
}

function reachable(state: MeterRedemptions, isReachable: boolean, nowMs: number): RedemptionStep {
  if (!isReachable) {
    const effects: RedemptionEffect[] = [];
    const deliveries = state.deliveries.map((delivery) => {
      if (delivery.phase === 'answered') return delivery;
      // What it could not take a while ago it may take when it is back: credit was used up, its memory is whole again.
      const waiting: Delivery = { ...delivery, phase: 'waiting', attempts: 0, notBeforeMs: 0 };
      if (delivery.phase === 'presented') effects.push(...tellAll(waiting, progressOf(waiting)));
      return waiting;
    });
    return { state: { ...state, reachable: false, deliveries }, effects };
  }
  return presentDue({ ...state, reachable: true }, nowMs);
}

function met(state: MeterRedemptions, link: LinkName, nowMs: number): RedemptionStep {
  const deliveries = state.deliveries.map(
    (delivery): Delivery =>
      delivery.phase === 'answered' ? delivery : { ...delivery, attempts: 0, notBeforeMs: 0 },
  );
  const step = presentDue({ ...state, reachable: true, deliveries }, nowMs);
  const toLink = (effect: RedemptionEffect): RedemptionEffect =>
    effect.type === 'present' ? { ...effect, via: link } : effect;
  return { ...step, effects: step.effects.map(toLink) };
}

function tick(state: MeterRedemptions, nowMs: number): RedemptionStep {
  const overdue = state.deliveries.some(
    (delivery) =>
      delivery.phase === 'presented' && delivery.attempts >= MAX_ATTEMPTS && nowMs >= delivery.notBeforeMs,
  );
  return overdue ? reachable(state, false, nowMs) : presentDue(state, nowMs);
}

/** Presents what waits, and again what was not answered in time. */
function presentDue(state: MeterRedemptions, nowMs: number): RedemptionStep {
  if (!state.reachable) return { state, effects: [] };
  const effects: RedemptionEffect[] = [];
  const deliveries = state.deliveries.map((delivery) => {
    if (delivery.phase === 'answered' || nowMs < delivery.notBeforeMs) return delivery;
    const again = present(delivery, nowMs);
    effects.push(...again.effects);
    if (delivery.phase === 'waiting') effects.push(...tellAll(again.delivery, progressOf(again.delivery)));
    return again.delivery;
  });
  return effects.length === 0 ? { state, effects } : { state: { ...state, deliveries }, effects };
}

function present(delivery: Delivery, nowMs: number) {
  const attempts = delivery.attempts + 1;
  const presented: Delivery = {
    ...delivery,
    phase: 'presented',
    attempts,
    notBeforeMs: nowMs + ANSWER_TIMEOUT_MS * 2 ** (attempts - 1),
  };
  const effect: RedemptionEffect = {
    type: 'present',
    voucherId: delivery.voucherId,
    frame: delivery.frame,
    attempt: attempts,
  };
  return { delivery: presented, effects: [effect] };
}

function receipt(state: MeterRedemptions, input: Input<'receipt'>, nowMs: number): RedemptionStep {
  return input.proof === undefined
    ? refusedByMeter(state, input, nowMs)
    : provedByMeter(state, input, input.proof);
}

/** The meter proved what it did: the watchers hear it at once, the ledger next. */
function provedByMeter(
  state: MeterRedemptions,
  { frame, link, fields }: Input<'receipt'>,
  proof: Proof,
): RedemptionStep {
  const { voucherId } = fields;
  const effects: RedemptionEffect[] = [];
  let news = true;
  const deliveries = state.deliveries.map((delivery) => {
    if (delivery.voucherId !== voucherId) return delivery;
    if (delivery.phase === 'answered') {
      news = false;
      return delivery;
    }
    const answered: Delivery = { ...delivery, phase: 'answered', receipt: frame, proof };
    if (proof === 'fulfil') effects.push(...tellCredited(answered));
    return answered;
  });
  if (proof === 'fulfil' && news) effects.unshift({ type: 'on-meter', voucherId, link });
  effects.push({ type: 'settle', voucherId, frame });
  return { state: { ...state, deliveries }, effects };
}

const tellCredited = (answered: Delivery): RedemptionEffect[] =>
  answered.watchers
    .filter((watcher) => watcher.asks === 'credit')
    .flatMap((watcher) => tellOne(watcher, progressOf(answered)));

/** The meter said no. Some refusals pass, some end the request, some concern the ledger. */
function refusedByMeter(state: MeterRedemptions, input: Input<'receipt'>, nowMs: number): RedemptionStep {
  const { voucherId, kind } = input.fields;
  const code = refusalCode(input.fields);
  const delivery = state.deliveries.find(
    (one) => one.voucherId === voucherId && one.phase === 'presented' && one.frame[1] === kind,
  );
  if (code === undefined || delivery === undefined) return { state, effects: [] };
  if (delivery.purpose === 'order' && WITHDRAWS_ORDER.has(code)) {
    return {
      state: drop(state, delivery),
      effects: [{ type: 'withdraw-order', voucherId, frame: input.frame }],
    };
  }
  if (ABOUT_THE_BYTES.has(code) && delivery.isUnchecked !== true)
    return notArrived(state, delivery, { code, nowMs });
  if (NOT_NOW.has(code)) return notNow(state, delivery, { code, nowMs });
  const effects: RedemptionEffect[] = [
    { type: 'alarm', voucherId, code },
    ...(code === 'CONFLICT' ? [{ type: 'settle', voucherId, frame: input.frame } as const] : []),
    ...tellAll(delivery, { status: 'refused', voucherId, code }),
  ];
  return { state: drop(state, delivery), effects };
}

/** It is presented again in its time, as one that was lost; a meter that goes on saying so is left alone for a while. */
function notArrived(
  state: MeterRedemptions,
  delivery: Delivery,
  { code, nowMs }: { code: ErrorCode; nowMs: number },
): RedemptionStep {
  const { voucherId } = delivery;
  const isOver = delivery.attempts >= MAX_ATTEMPTS;
  const left: Delivery = isOver ? putOff(delivery, nowMs) : { ...delivery, phase: 'waiting' };
  const waiting: Delivery = { ...left, isDamaged: true };
  const alarm: RedemptionEffect[] = delivery.isDamaged === true ? [] : [{ type: 'alarm', voucherId, code }];
  return {
    state: replace(state, delivery, waiting),
    effects: [...alarm, ...tellAll(waiting, { status: 'pending', voucherId, code })],
  };
}

const putOff = (delivery: Delivery, nowMs: number): Delivery => ({
  ...delivery,
  phase: 'waiting',
  attempts: 0,
  notBeforeMs: nowMs + NOT_NOW_MS,
});

function notNow(
  state: MeterRedemptions,
  delivery: Delivery,
  refusal: { code: ErrorCode; nowMs: number },
): RedemptionStep {
  const { voucherId } = delivery;
  const waiting = putOff(delivery, refusal.nowMs);
  const cancel: RedemptionEffect[] =
    refusal.code === 'EXPIRED' ? [{ type: 'request-cancel', voucherId, reason: refusal.code }] : [];
  return {
    state: replace(state, delivery, waiting),
    effects: [...tellAll(waiting, { status: 'pending', voucherId, code: refusal.code }), ...cancel],
  };
}

/** The ledger took the receipt: the watchers hear the end, and the voucher is forgotten here. */
function settled(state: MeterRedemptions, input: Input<'settled'>): RedemptionStep {
  const { voucherId, outcome, txId } = input;
  const ended = state.deliveries.filter((one) => one.voucherId === voucherId);
  const effects = ended.flatMap((known) => {
    const delivery = withReceipt(known, input.receipt);
    const credited = delivery !== known && outcome === 'redeemed' ? tellCredited(delivery) : [];
    const told = delivery.watchers.flatMap((watcher) => {
      const progress = endOf({ watcher, outcome, delivery, txId });
      return progress === undefined ? [] : tellOne(watcher, progress);
    });
    return [...credited, ...told];
  });
  const alarm: RedemptionEffect[] =
    outcome === 'refused' ? [{ type: 'alarm', voucherId, code: 'BAD_OPENING' }] : [];
  return {
    state: { ...state, deliveries: state.deliveries.filter((one) => one.voucherId !== voucherId) },
    effects: [...effects, ...alarm],
  };
}

/** Proved through another gateway: whoever waits here hears the same steps. */
const withReceipt = (delivery: Delivery, receipt: Uint8Array | undefined): Delivery =>
  delivery.receipt !== undefined || receipt === undefined
    ? delivery
    : { ...delivery, phase: 'answered', receipt };

function unsettled(state: MeterRedemptions, voucherId: string, nowMs: number): RedemptionStep {
  const deliveries = state.deliveries.map((delivery): Delivery => {
    if (delivery.voucherId !== voucherId || delivery.phase !== 'answered') return delivery;
    return { ...delivery, phase: 'waiting', attempts: 0, notBeforeMs: nowMs + ANSWER_TIMEOUT_MS };
  });
  return { state: { ...state, deliveries }, effects: [] };
}

function endOf(end: {
  watcher: Watcher;
  outcome: Input<'settled'>['outcome'];
  delivery: Delivery;
  txId: string;
}): Progress | undefined {
  const { voucherId, receipt } = end.delivery;
  const proof = receipt === undefined ? {} : { receipt };
  const outcome = end.outcome === 'orphan' ? endOfOrphan(end.delivery) : end.outcome;
  if (outcome === 'redeemed') {
    return end.watcher.asks === 'credit'
      ? { status: 'settled', voucherId, txId: end.txId }
      : { status: 'redeemed', voucherId, txId: end.txId, ...proof };
  }
  if (outcome === 'voided') return { status: 'voided', voucherId, txId: end.txId, ...proof };
  return undefined;
}

/** A ledger that has forgotten a voucher takes its meter's word for it; what that means for the money, people decide. */
const endOfOrphan = ({ proof }: Delivery): 'redeemed' | 'voided' | undefined =>
  proof === 'fulfil' ? 'redeemed' : proof === 'void' ? 'voided' : undefined;

/** Where a voucher under way stands: its void order's state when there is one, or when its meter has voided it. */
export function progressOfVoucher(state: MeterRedemptions, voucherId: string): Progress | undefined {
  const delivery = state.deliveries.findLast((one) => one.voucherId === voucherId);
  return delivery === undefined ? undefined : progressOf(delivery);
}

const progressOf = (delivery: Delivery): Progress => {
  const { voucherId } = delivery;
  // A meter that was asked for the credit may have answered that it voided the voucher: the ledger is told next.
  if (delivery.purpose === 'void' || delivery.proof === 'void') return { status: 'cancelling', voucherId };
  if (delivery.phase === 'waiting') return { status: 'pending', voucherId };
  if (delivery.phase === 'presented' || delivery.receipt === undefined)
    return { status: 'accepted', voucherId };
  return { status: 'on-meter', voucherId, receipt: delivery.receipt };
};

function refusalCode(fields: ReceiptFields): ErrorCode | undefined {
  const name = resultName(fields.result);
  return name !== undefined && isErrorCode(name) ? name : undefined;
}

const sameWatcher = (a: Watcher, b: Watcher): boolean =>
  a.handsetId === b.handsetId && a.requestId === b.requestId;

const tellOne = (watcher: Watcher | undefined, progress: Progress): RedemptionEffect[] =>
  watcher === undefined ? [] : [{ type: 'tell', watcher, progress }];

const tellAll = (delivery: Delivery, progress: Progress): RedemptionEffect[] =>
  delivery.watchers.flatMap((watcher) => tellOne(watcher, progress));

const replace = (state: MeterRedemptions, old: Delivery, fresh: Delivery): MeterRedemptions => ({
  ...state,
  deliveries: state.deliveries.map((one) => (one === old ? fresh : one)),
});

const drop = (state: MeterRedemptions, gone: Delivery): MeterRedemptions => ({
  ...state,
  deliveries: state.deliveries.filter((one) => one !== gone),
});
