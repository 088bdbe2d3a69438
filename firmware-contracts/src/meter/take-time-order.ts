import { decodeTimeOrder, isAuthenticTimeOrder } from '../frames/time-order.ts';
import { epochKeys } from '../keys.ts';
import type { MeterState } from './state.ts';
import type { Ignored } from './take-acknowledgement.ts';

export interface TakenTimeOrder {
  readonly state: MeterState;
  readonly accepted: boolean;
  readonly ignored?: Ignored;
  /** Unix seconds, with `accepted`. */
  readonly time?: number;
}

/** What a meter does with a time order: its number must exceed the stored one, the time itself may go back (WIRE.md). */
export const takeTimeOrder = (state: MeterState, frame: Uint8Array): TakenTimeOrder => {
  const decoded = decodeTimeOrder(frame);
  if (!decoded.ok) return { state, accepted: false, ignored: 'BAD_FORMAT' };
  const { record } = state;
  const { meterId, keyEpoch, timeNo, time } = decoded.fields;
  if (record === undefined || meterId !== state.meterId || keyEpoch !== record.keyEpoch) {
    return { state, accepted: false, ignored: 'BAD_MAC' };
  }
  if (!isAuthenticTimeOrder(frame, epochKeys(state.root, keyEpoch))) {
    return { state, accepted: false, ignored: 'BAD_MAC' };
  }
  if (timeNo <= record.timeNo) return { state, accepted: false, ignored: 'STALE' };
  return { state: { ...state, record: { ...record, timeNo } }, accepted: true, time };
};
