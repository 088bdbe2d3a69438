import type { MeterUpChannel } from '@tapwatt/firmware-contracts';
import type { DeviceState } from './device-state.ts';

/** What a device wants done, in this order: what must be kept, then what acts, then what is said. */
export type DeviceEffect =
  | { readonly type: 'commit-record' }
  | { readonly type: 'commit-charge' }
  | { readonly type: 'relay'; readonly closed: boolean }
  | { readonly type: 'publish'; readonly channel: MeterUpChannel; readonly payload: Uint8Array }
  /** The response APDU to the command of this link. */
  | { readonly type: 'respond'; readonly link: string; readonly response: Uint8Array };

/** The state after an input, and what follows from it. The commits are made before the state counts. */
export interface Stepped {
  readonly state: DeviceState;
  readonly effects: readonly DeviceEffect[];
}

export const publish = (channel: MeterUpChannel, payload: Uint8Array): DeviceEffect => ({
  type: 'publish',
  channel,
  payload,
});

/** A commit of the record, where it changed. */
export const commitIfChanged = (before: DeviceState, after: DeviceState): readonly DeviceEffect[] => {
  const isSame =
    before.meter.record === after.meter.record &&
    before.tamper === after.tamper &&
    before.desired === after.desired;
  return isSame || after.meter.record === undefined ? [] : [{ type: 'commit-record' }];
};
