import { canonicalJson, type DesiredState, takeDesiredState } from '@tapwatt/firmware-contracts';
import type { DeviceState } from './device-state.ts';
import type { MeterSettings } from './settings.ts';

const settingsOf = (factory: MeterSettings, desired: DesiredState): MeterSettings => ({
  tariffMinorPerKwh: BigInt(desired.tariff?.pricePerKwh ?? factory.tariffMinorPerKwh),
  lowCreditMinor: BigInt(desired.limits?.lowCredit ?? factory.lowCreditMinor),
  emergencyCreditMinor: BigInt(desired.limits?.emergencyCredit ?? factory.emergencyCreditMinor),
  friendlyHours: desired.friendlyHours ?? factory.friendlyHours,
  relay: desired.relay ?? factory.relay,
  quarantined: desired.quarantined ?? factory.quarantined,
});

/** The settings in force: the factory's, overridden by the kept desired state (its JSON, or empty before the first). */
export const settingsFrom = (factory: MeterSettings, desired: string): MeterSettings =>
  desired === '' ? factory : settingsOf(factory, JSON.parse(desired) as DesiredState);

/** What was wanted so far, with what is wanted now: a member left out leaves what the meter has. */
const merged = (kept: string, desired: DesiredState): DesiredState => {
  if (kept === '') return desired;
  const before = JSON.parse(kept) as DesiredState;
  return { ...before, ...desired, limits: { ...before.limits, ...desired.limits } };
};

/** The device after a `dn/cfg`: what to do with it is firmware-contracts' decision, what it then means for the relay is ours. */
export const followDesiredState = (state: DeviceState, payload: Uint8Array): DeviceState => {
  const { desired, state: meter } = takeDesiredState(state.meter, payload);
  if (desired === undefined) return state;
  const whole = merged(state.desired, desired);
  return { ...state, meter, desired: canonicalJson(whole), settings: settingsOf(state.factory, whole) };
};
