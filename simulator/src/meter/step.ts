import { type MeterDownChannel, unacknowledgedReceipts } from '@tapwatt/firmware-contracts';
import { answerCommand, loseField } from './command.ts';
import { consume } from './consume.ts';
import { followDesiredState } from './desired.ts';
import type { DeviceState } from './device-state.ts';
import { commitIfChanged, publish, type Stepped } from './effects.ts';
import { follow, sayStatus } from './follow.ts';
import { event, read } from './readings.ts';
import { takeAck, takeTime, takeVoucher } from './take-frame.ts';

/** What happens to a device. */
export type DeviceInput =
  | { readonly type: 'link-up' }
  | { readonly type: 'link-down' }
  | { readonly type: 'frame'; readonly channel: MeterDownChannel; readonly payload: Uint8Array }
  /** A command APDU on a link that speaks in commands: an NFC reader, a serial line. */
  | { readonly type: 'command'; readonly link: string; readonly apdu: Uint8Array }
  /** Such a link is lost: the field is gone, the line is open. */
  | { readonly type: 'field-lost'; readonly link: string }
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

const showVoucher = (state: DeviceState, frame: Uint8Array, nowS: number): Stepped => {
  const taken = takeVoucher(state, frame, nowS);
  return { state: taken.state, effects: [...taken.effects, publish('rcpt', taken.answer.receipt)] };
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
      return takeAck(state, input.payload);
    case 'time':
      return takeTime(state, input.payload, { nowS, trust: SYNCHRONISED });
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
    case 'command':
      return answerCommand(state, input, nowS);
    case 'field-lost':
      return nothing(loseField(state, input.link));
    case 'consumed':
      return charge(state, input);
    case 'tamper':
      return openCase(state, nowS);
    case 'read':
      return read(state, { nowS, powerW: input.powerW });
  }
};

/**
 * A meter's behaviour as a pure function: the decision is firmware-contracts' (WIRE.md "What the meter does with a
 * voucher"), the order of the effects is what matters here: commits first, then the relay, then what is said.
 * `nowS` is the device's own clock in Unix seconds.
 */
export const step = (state: DeviceState, input: DeviceInput, nowS: number): Stepped =>
  follow(respond(state, input, nowS), nowS);
