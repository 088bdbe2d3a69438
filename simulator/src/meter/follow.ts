import { STATE_BIT, statusOf } from '@tapwatt/firmware-contracts';
import { type DeviceState, meterClock } from './device-state.ts';
import { type DeviceEffect, publish, type Stepped } from './effects.ts';
import { event } from './readings.ts';
import { decideRelay } from './relay.ts';
import { stateBits } from './state-bits.ts';

/** The status of this moment (WIRE.md "Status") and the state that remembers having said it. */
export const sayStatus = (state: DeviceState, nowS: number): Stepped => {
  const bits = stateBits(state, nowS);
  const frame = statusOf(state.meter, { stateBits: bits, meterTime: meterClock(state, nowS).now });
  const reported = { keyEpoch: state.meter.record?.keyEpoch ?? 0, stateBits: bits };
  return { state: { ...state, reported }, effects: [publish('status', frame)] };
};

const moveRelay = (state: DeviceState, nowS: number): Stepped => {
  const { closed } = decideRelay(state, nowS);
  if (closed === state.relayClosed) return { state, effects: [] };
  const moved = { ...state, relayClosed: closed };
  const effects: DeviceEffect[] = [{ type: 'relay', closed }];
  if (state.isOnline) {
    effects.push(publish('evt', event(moved, { nowS, kind: 'relay', detail: closed ? 'closed' : 'open' })));
  }
  return { state: moved, effects };
};

const sayChange = (state: DeviceState, nowS: number): Stepped => {
  const { reported } = state;
  if (!state.isOnline || reported === undefined) return { state, effects: [] };
  const bits = stateBits(state, nowS);
  const keyEpoch = state.meter.record?.keyEpoch ?? 0;
  if (bits === reported.stateBits && keyEpoch === reported.keyEpoch) return { state, effects: [] };
  const said = sayStatus(state, nowS);
  const isNewlyLow = (bits & ~reported.stateBits & STATE_BIT.LOW_CREDIT) !== 0;
  const events = isNewlyLow ? [publish('evt', event(state, { nowS, kind: 'low-credit' }))] : [];
  return { state: said.state, effects: [...said.effects, ...events] };
};

/** What follows from any change: the relay moves, and a status is due where its bits or its epoch changed. */
export const follow = ({ state, effects }: Stepped, nowS: number): Stepped => {
  const moved = moveRelay(state, nowS);
  const said = sayChange(moved.state, nowS);
  const relay = moved.effects.filter((effect) => effect.type === 'relay');
  const rest = moved.effects.filter((effect) => effect.type !== 'relay');
  const isSaid = ({ type }: DeviceEffect): boolean => type === 'publish' || type === 'respond';
  const commits = effects.filter((effect) => !isSaid(effect));
  const answers = effects.filter(isSaid);
  return { state: said.state, effects: [...commits, ...relay, ...answers, ...said.effects, ...rest] };
};
