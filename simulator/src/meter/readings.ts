import { balanceOf, type DeviceState, meterClock } from './device-state.ts';
import { publish, type Stepped } from './effects.ts';

/** What an event tells (WIRE.md, `up/evt`). */
export type EventKind = 'tamper' | 'relay' | 'power' | 'clock' | 'low-credit';

/** What a meter measured at a moment of its own clock, as it counts since the power came. */
export interface KeptReading {
  readonly deviceS: number;
  readonly energyWh: number;
  readonly powerW: number;
  readonly balance: bigint;
  readonly relayClosed: boolean;
}

const VOLTAGE_MV = 230_000;
const SIGNAL_DBM = -73;
/** Kept while there is no connection, in RAM: of more the oldest go. A day of one a minute. */
const MAX_KEPT = 1_440;
/** Kept readings that go with a new one, so that a meter that comes back floods nobody. */
const KEPT_AT_A_TIME = 60;

const toBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

const measure = (state: DeviceState, nowS: number, powerW: number): KeptReading => ({
  deviceS: nowS,
  energyWh: Number(state.register.energyWh),
  powerW: state.relayClosed ? Math.round(powerW) : 0,
  balance: balanceOf(state),
  relayClosed: state.relayClosed,
});

/** The payload of `up/tele`: integers only, except the money string. A clock that was set since tells the right time of what was kept. */
const reading = (state: DeviceState, measured: KeptReading): Uint8Array => {
  const clock = meterClock(state, measured.deviceS);
  return toBytes({
    at: clock.now,
    clockTrust: clock.trust,
    energyWh: measured.energyWh,
    powerW: measured.powerW,
    voltageMv: VOLTAGE_MV,
    currentMa: Math.round((measured.powerW * 1_000_000) / VOLTAGE_MV),
    balance: measured.balance.toString(),
    relay: measured.relayClosed ? 'closed' : 'open',
    signalDbm: SIGNAL_DBM,
  });
};

/** Measures, and tells it with some of what was kept; without a connection it is kept. */
export const read = (
  state: DeviceState,
  { nowS, powerW }: { readonly nowS: number; readonly powerW: number },
): Stepped => {
  const measured = measure(state, nowS, powerW);
  if (!state.isOnline) {
    return { state: { ...state, kept: [...state.kept, measured].slice(-MAX_KEPT) }, effects: [] };
  }
  const told = [...state.kept.slice(0, KEPT_AT_A_TIME), measured];
  return {
    state: { ...state, kept: state.kept.slice(KEPT_AT_A_TIME) },
    effects: told.map((one) => publish('tele', reading(state, one))),
  };
};

/** The payload of `up/evt`. */
export const event = (
  state: DeviceState,
  { nowS, kind, detail }: { nowS: number; kind: EventKind; detail?: string },
): Uint8Array =>
  toBytes({ at: meterClock(state, nowS).now, kind, ...(detail === undefined ? {} : { detail }) });
