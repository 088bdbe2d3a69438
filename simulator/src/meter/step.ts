import {
  decodeReceipt,
  type MeterDownChannel,
  presentVoucher,
  RESULT,
  takeAcknowledgement,
  takeTimeOrder,
  unacknowledgedReceipts,
  VOUCHER_KIND,
} from '@tapwatt/firmware-contracts';
import { consume } from './consume.ts';
import { followDesiredState } from './desired.ts';
import { type DeviceState, meterClock } from './device-state.ts';
import { commitIfChanged, type DeviceEffect, publish, type Stepped } from './effects.ts';
import { follow, sayStatus } from './follow.ts';
import { event, reading } from './readings.ts';

/** What happens to a device. */
export type DeviceInput =
  | { readonly type: 'link-up' }
  | { readonly type: 'link-down' }
  | { readonly type: 'frame'; readonly channel: MeterDownChannel; readonly payload: Uint8Array }
  | { readonly type: 'consumed'; readonly powerW: number; readonly elapsedMs: number }
  | { readonly type: 'tamper' }
  | { readonly type: 'read'; readonly powerW: number };

const SYNCHRONISED = 2;

const nothing = (state: DeviceState): Stepped => ({ state, effects: [] });

const linkUp = (state: DeviceState, nowS: number): Stepped => {
  const said = sayStatus({ ...state, isOnline: true, isFresh: false }, nowS);
  const receipts = unacknowledgedReceipts(state.meter).map((receipt) => publish('rcpt', receipt));
  const told = state.isFresh ? [publish('evt', event(state, { nowS, kind: 'power', detail: 'on' }))] : [];
  return { state: said.state, effects: [...said.effects, ...receipts, ...told] };
};

const linkDown = ({ reported: _, ...state }: DeviceState): Stepped => nothing({ ...state, isOnline: false });

const clearsTamper = (receipt: Uint8Array): boolean => {
  const decoded = decodeReceipt(receipt);
  return (
    decoded.ok &&
    decoded.fields.kind === VOUCHER_KIND.CLEAR_TAMPER &&
    decoded.fields.result === RESULT.APPLIED
  );
};

const showVoucher = (state: DeviceState, frame: Uint8Array, nowS: number): Stepped => {
  const answer = presentVoucher(state.meter, frame, meterClock(state, nowS));
  const tamper = state.tamper && !(answer.committed && clearsTamper(answer.receipt));
  const after = { ...state, meter: answer.state, tamper };
  const commit: readonly DeviceEffect[] = answer.committed ? [{ type: 'commit-record' }] : [];
  return { state: after, effects: [...commit, publish('rcpt', answer.receipt)] };
};

const acknowledge = (state: DeviceState, frame: Uint8Array): Stepped => {
  const taken = takeAcknowledgement(state.meter, frame);
  const after = { ...state, meter: taken.state };
  const again = taken.republish.map((receipt) => publish('rcpt', receipt));
  return { state: after, effects: [...commitIfChanged(state, after), ...again] };
};

const setTime = (state: DeviceState, frame: Uint8Array, nowS: number): Stepped => {
  const taken = takeTimeOrder(state.meter, frame);
  if (!taken.accepted || taken.time === undefined) return nothing(state);
  const clock = { offsetS: taken.time - nowS, trust: SYNCHRONISED } as const;
  const after: DeviceState = { ...state, meter: taken.state, clock };
  const told =
    state.clock.trust === SYNCHRONISED ? [] : [publish('evt', event(after, { nowS, kind: 'clock' }))];
  return { state: after, effects: [...commitIfChanged(state, after), ...told] };
};

const configure = (state: DeviceState, frame: Uint8Array): Stepped => {
  const after = followDesiredState(state, frame);
  return { state: after, effects: commitIfChanged(state, after) };
};

const onFrame = (
  state: DeviceState,
  input: Extract<DeviceInput, { type: 'frame' }>,
  nowS: number,
): Stepped => {
  switch (input.channel) {
    case 'vch':
      return showVoucher(state, input.payload, nowS);
    case 'ack':
      return acknowledge(state, input.payload);
    case 'time':
      return setTime(state, input.payload, nowS);
    case 'cfg':
      return configure(state, input.payload);
  }
};

const charge = (
  state: DeviceState,
  use: { readonly powerW: number; readonly elapsedMs: number },
): Stepped => {
  if (!state.relayClosed || state.meter.record === undefined || state.meter.record.closed)
    return nothing(state);
  const register = consume(state.register, { ...use, tariffMinorPerKwh: state.settings.tariffMinorPerKwh });
  const after = { ...state, register, meter: { ...state.meter, charged: register.charged } };
  const isDearer = register.charged !== state.register.charged;
  return { state: after, effects: isDearer ? [{ type: 'commit-charge' }] : [] };
};

const openCase = (state: DeviceState, nowS: number): Stepped => {
  if (state.tamper || state.meter.record === undefined) return nothing(state);
  const after = { ...state, tamper: true };
  const told = state.isOnline ? [publish('evt', event(after, { nowS, kind: 'tamper' }))] : [];
  return { state: after, effects: [...commitIfChanged(state, after), ...told] };
};

const respond = (state: DeviceState, input: DeviceInput, nowS: number): Stepped => {
  switch (input.type) {
    case 'link-up':
      return linkUp(state, nowS);
    case 'link-down':
      return linkDown(state);
    case 'frame':
      return onFrame(state, input, nowS);
    case 'consumed':
      return charge(state, input);
    case 'tamper':
      return openCase(state, nowS);
    case 'read':
      return { state, effects: [publish('tele', reading(state, { nowS, powerW: input.powerW }))] };
  }
};

/**
 * A meter's behaviour as a pure function: the decision is firmware-contracts' (WIRE.md "What the meter does with a
 * voucher"), the order of the effects is what matters here: commits first, then the relay, then what is said.
 * `nowS` is the device's own clock in Unix seconds.
 */
export const step = (state: DeviceState, input: DeviceInput, nowS: number): Stepped =>
  follow(respond(state, input, nowS), nowS);
