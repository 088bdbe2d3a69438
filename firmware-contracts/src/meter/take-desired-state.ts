import { type DesiredState, decodeDesiredState, isAuthenticDesiredState } from '../frames/desired-state.ts';
import { epochKeys } from '../keys.ts';
import type { MeterRecord, MeterState } from './state.ts';
import type { Ignored } from './take-acknowledgement.ts';

export interface TakenDesiredState {
  readonly state: MeterState;
  readonly accepted: boolean;
  readonly ignored?: Ignored;
  /** With `accepted`: to be stored in the same commit as `state`, since its version is never taken again. */
  readonly desired?: DesiredState;
}

/** What a meter does with a desired state; a version not above the stored one is ignored (WIRE.md "MQTT 3.1.1"). */
export const takeDesiredState = (state: MeterState, payload: Uint8Array): TakenDesiredState => {
  const { record } = state;
  if (record === undefined || !isAuthenticDesiredState(payload, epochKeys(state.root, record.keyEpoch))) {
    return { state, accepted: false, ignored: 'BAD_MAC' };
  }
  const decoded = decodeDesiredState(payload);
  if (!decoded.ok || decoded.fields.meterId !== String(state.meterId)) {
    return { state, accepted: false, ignored: 'BAD_FORMAT' };
  }
  const desired = decoded.fields;
  if (desired.version <= record.cfgVersion) return { state, accepted: false, ignored: 'STALE' };
  return { state: { ...state, record: follow(record, desired) }, accepted: true, desired };
};

const follow = (record: MeterRecord, { version, limits }: DesiredState): MeterRecord => ({
  ...record,
  cfgVersion: version,
  balanceLimit: limits?.balance === undefined ? record.balanceLimit : BigInt(limits.balance),
});
