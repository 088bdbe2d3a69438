import type { IPoint } from 'influx';
import { onlyTold, type Reading } from '../reading.ts';

export const MEASUREMENT = 'readings';
export const READING_TAGS = ['meter', 'link', 'source'] as const;
/** `received` in milliseconds, `meterTime` in seconds. A database refuses a field of another type than it knows. */
export const READING_FIELDS = {
  energyWh: 'whole',
  powerW: 'whole',
  voltageMv: 'whole',
  currentMa: 'whole',
  balance: 'whole',
  relayClosed: 'yes',
  tamper: 'yes',
  signalDbm: 'whole',
  event: 'text',
  received: 'whole',
  meterTime: 'whole',
  clockTrust: 'whole',
  byMeterTime: 'yes',
} as const satisfies Readonly<Record<string, 'whole' | 'yes' | 'text'>>;

export type FieldName = keyof typeof READING_FIELDS;

/** A reading as a point; what was not told is no field. */
export function pointOf(reading: Reading): IPoint {
  const { meterId, link, source, atUs, balance, relay } = reading;
  const fields = {
    energyWh: reading.energyWh,
    powerW: reading.powerW,
    voltageMv: reading.voltageMv,
    currentMa: reading.currentMa,
    balance: balance === undefined ? undefined : Number(balance),
    relayClosed: relay === undefined ? undefined : relay === 'closed',
    tamper: reading.tamper,
    signalDbm: reading.signalDbm,
    event: reading.event,
    received: reading.receivedAtMs,
    meterTime: reading.meterTimeS,
    clockTrust: reading.clockTrust,
    byMeterTime: reading.timeOf === 'meter',
  } satisfies Record<FieldName, unknown>;
  return {
    measurement: MEASUREMENT,
    tags: { meter: meterId, link, source },
    fields,
    timestamp: String(atUs),
  };
}

/** What a query of a meter's points answers, as the reading that was written. */
export function readingOfRow(meterId: string, row: Readonly<Record<string, unknown>>): Reading {
  const { time, link, source, balance, relayClosed, received, meterTime, clockTrust, byMeterTime } = row;
  const told = {
    energyWh: row.energyWh,
    powerW: row.powerW,
    voltageMv: row.voltageMv,
    currentMa: row.currentMa,
    balance: balance === null ? null : BigInt(balance as number),
    relay: relayClosed === null ? null : relayClosed === true ? 'closed' : 'open',
    tamper: row.tamper,
    signalDbm: row.signalDbm,
    event: row.event,
    meterTimeS: meterTime,
  };
  return {
    ...(onlyTold(told) as Partial<Reading>),
    meterId,
    link: link as Reading['link'],
    source: source as Reading['source'],
    atUs: time as number,
    timeOf: byMeterTime === true ? 'meter' : 'gateway',
    receivedAtMs: received as number,
    clockTrust: clockTrust as Reading['clockTrust'],
  };
}
