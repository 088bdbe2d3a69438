import { balanceOf, type DeviceState, meterClock } from './device-state.ts';
import type { FriendlyHours } from './settings.ts';

const SECONDS_PER_MINUTE = 60;
const MINUTES_PER_DAY = 1_440;

/** Whether the supply is on, and whether on what was not paid for yet. */
export interface RelayDecision {
  readonly closed: boolean;
  readonly emergency: boolean;
}

const OPEN: RelayDecision = { closed: false, emergency: false };

const isFriendly = (hours: readonly FriendlyHours[], timeS: number): boolean => {
  const minute = Math.floor(timeS / SECONDS_PER_MINUTE) % MINUTES_PER_DAY;
  return hours.some(({ fromMinute: from, toMinute: to }) =>
    from <= to ? minute >= from && minute < to : minute >= from || minute < to,
  );
};

/** Connects only a whole, open, untampered meter with credit, emergency credit or a friendly hour by a clock it trusts. */
export const decideRelay = (state: DeviceState, nowS: number): RelayDecision => {
  const { record } = state.meter;
  const { settings } = state;
  if (record === undefined || record.closed || state.tamper || settings.relay === 'open') return OPEN;
  const balance = balanceOf(state);
  if (balance > 0n) return { closed: true, emergency: false };
  const clock = meterClock(state, nowS);
  const mayGoOn =
    balance > -settings.emergencyCreditMinor ||
    (clock.trust >= 1 && isFriendly(settings.friendlyHours, clock.now));
  return mayGoOn ? { closed: true, emergency: true } : OPEN;
};
