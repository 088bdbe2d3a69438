import type { LinkName } from '../redemption/types.ts';
import { type EventKind, onlyTold, type Reading, type ReadingSource } from './reading.ts';

const FORMAT = 1;
/** What is not told stands as null, so that a place always means the same. */
type Row = readonly [
  format: number,
  meterId: string,
  atUs: number,
  timeOf: Reading['timeOf'],
  link: LinkName,
  source: ReadingSource,
  receivedAtMs: number,
  clockTrust: Reading['clockTrust'],
  meterTimeS: number | null,
  energyWh: number | null,
  powerW: number | null,
  voltageMv: number | null,
  currentMa: number | null,
  balance: string | null,
  relay: 'closed' | 'open' | null,
  tamper: boolean | null,
  signalDbm: number | null,
  event: EventKind | null,
];

/** A reading as one line of text, for a disk of our own. */
export function encodeReading(reading: Reading): string {
  const { meterId, atUs, timeOf, link, source, receivedAtMs, clockTrust, balance } = reading;
  const row: Row = [
    ...([FORMAT, meterId, atUs, timeOf, link, source, receivedAtMs, clockTrust] as const),
    reading.meterTimeS ?? null,
    reading.energyWh ?? null,
    reading.powerW ?? null,
    reading.voltageMv ?? null,
    reading.currentMa ?? null,
    balance === undefined ? null : String(balance),
    reading.relay ?? null,
    reading.tamper ?? null,
    reading.signalDbm ?? null,
    reading.event ?? null,
  ];
  return JSON.stringify(row);
}

/** What `encodeReading` wrote; `undefined` of a format that this version does not know. */
export function decodeReading(text: string): Reading | undefined {
  const row = JSON.parse(text) as Row;
  const [format, meterId, atUs, timeOf, link, source, receivedAtMs, clockTrust, ...values] = row;
  if (format !== FORMAT) return undefined;
  const [meterTimeS, energyWh, powerW, voltageMv, currentMa, balance, relay, tamper, signalDbm, event] =
    values;
  const told = {
    ...{ meterTimeS, energyWh, powerW, voltageMv, currentMa, relay, tamper, signalDbm, event },
    balance: balance === null ? null : BigInt(balance),
  };
  return {
    ...{ meterId, atUs, timeOf, link, source, receivedAtMs, clockTrust },
    ...(onlyTold(told) as Partial<Reading>),
  };
}
