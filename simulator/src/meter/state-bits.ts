import { STATE_BIT } from '@tapwatt/firmware-contracts';
import { balanceOf, type DeviceState } from './device-state.ts';
import { decideRelay } from './relay.ts';

/** The state byte of the status (WIRE.md "Status"). */
export const stateBits = (state: DeviceState, nowS: number): number => {
  const { record } = state.meter;
  if (record === undefined) return 0;
  const facts: readonly (readonly [boolean, number])[] = [
    [state.relayClosed, STATE_BIT.RELAY_CLOSED],
    [balanceOf(state) < state.settings.lowCreditMinor, STATE_BIT.LOW_CREDIT],
    [decideRelay(state, nowS).emergency, STATE_BIT.EMERGENCY],
    [state.tamper, STATE_BIT.TAMPER],
    [state.clock.trust === 0, STATE_BIT.CLOCK_UNTRUSTED],
    [state.settings.quarantined, STATE_BIT.QUARANTINED],
    [record.closed, STATE_BIT.CLOSED],
  ];
  return facts.reduce((bits, [isSet, bit]) => (isSet ? bits | bit : bits), 0);
};
