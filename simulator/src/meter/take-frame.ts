import {
  decodeReceipt,
  presentVoucher,
  RESULT,
  takeAcknowledgement,
  takeTimeOrder,
  VOUCHER_KIND,
} from '@tapwatt/firmware-contracts';
import { type DeviceState, meterClock } from './device-state.ts';
import { commitIfChanged, type DeviceEffect, publish, type Stepped } from './effects.ts';
import { event } from './readings.ts';

/** What a meter does with a frame, whichever link brought it; the link itself says the answer. */
export interface TakenFrame<Answer> extends Stepped {
  readonly answer: Answer;
}

const clearsTamper = (receipt: Uint8Array): boolean => {
  const decoded = decodeReceipt(receipt);
  return (
    decoded.ok &&
    decoded.fields.kind === VOUCHER_KIND.CLEAR_TAMPER &&
    decoded.fields.result === RESULT.APPLIED
  );
};

/** A voucher: its receipt is the answer, which may only leave when the effects are done. */
export const takeVoucher = (
  state: DeviceState,
  frame: Uint8Array,
  nowS: number,
): TakenFrame<{ readonly receipt: Uint8Array; readonly committed: boolean }> => {
  const { state: meter, receipt, committed } = presentVoucher(state.meter, frame, meterClock(state, nowS));
  const tamper = state.tamper && !(committed && clearsTamper(receipt));
  const effects: readonly DeviceEffect[] = committed ? [{ type: 'commit-record' }] : [];
  return { state: { ...state, meter, tamper }, effects, answer: { receipt, committed } };
};

/** An acknowledgement; after one below its newest number a meter publishes again what is not acknowledged. */
export const takeAck = (
  state: DeviceState,
  frame: Uint8Array,
): TakenFrame<ReturnType<typeof takeAcknowledgement>> => {
  const answer = takeAcknowledgement(state.meter, frame);
  const after = { ...state, meter: answer.state };
  const again = answer.republish.map((receipt) => publish('rcpt', receipt));
  return { state: after, effects: [...commitIfChanged(state, after), ...again], answer };
};

const SYNCHRONISED = 2;

/** A time order; `trust` is 2 over the meter's own connection, 1 where a courier brought it (SPEC.md "A stale time order"). */
export const takeTime = (
  state: DeviceState,
  frame: Uint8Array,
  { nowS, trust }: { readonly nowS: number; readonly trust: 1 | 2 },
): TakenFrame<ReturnType<typeof takeTimeOrder>> => {
  const answer = takeTimeOrder(state.meter, frame);
  if (!answer.accepted || answer.time === undefined) return { state, effects: [], answer };
  const clock = { offsetS: answer.time - nowS, trust };
  const after: DeviceState = { ...state, meter: answer.state, clock };
  const isNews = trust === SYNCHRONISED && state.clock.trust !== SYNCHRONISED;
  const told = isNews ? [publish('evt', event(after, { nowS, kind: 'clock' }))] : [];
  return { state: after, effects: [...commitIfChanged(state, after), ...told], answer };
};
