import { balanceOf, type DeviceState, meterClock } from './device-state.ts';

/** What an event tells (WIRE.md, `up/evt`). */
export type EventKind = 'tamper' | 'relay' | 'power' | 'clock' | 'low-credit';

const VOLTAGE_MV = 230_000;

const toBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The payload of `up/tele`: integers only, except the money string. */
export const reading = (
  state: DeviceState,
  { nowS, powerW }: { nowS: number; powerW: number },
): Uint8Array => {
  const drawnW = state.relayClosed ? Math.round(powerW) : 0;
  const clock = meterClock(state, nowS);
  return toBytes({
    at: clock.now,
    clockTrust: clock.trust,
    energyWh: Number(state.register.energyWh),
    powerW: drawnW,
    voltageMv: VOLTAGE_MV,
    currentMa: Math.round((drawnW * 1_000_000) / VOLTAGE_MV),
    balance: balanceOf(state).toString(),
    relay: state.relayClosed ? 'closed' : 'open',
  });
};

/** The payload of `up/evt`. */
export const event = (
  state: DeviceState,
  { nowS, kind, detail }: { nowS: number; kind: EventKind; detail?: string },
): Uint8Array =>
  toBytes({ at: meterClock(state, nowS).now, kind, ...(detail === undefined ? {} : { detail }) });
