import { type JsonObject, parseStrictJson, TapwattError } from '@tapwatt/firmware-contracts';
import { EVENT_KINDS, type EventKind, MAX_BALANCE, type Measured, type ReadingValues } from './reading.ts';

/** Where and when a payload came in. */
export type Arrival = Pick<Measured, 'meterId' | 'link' | 'receivedAtMs'>;

/** A reading or an event of WIRE.md is far smaller; a larger payload is none. */
const MAX_BYTES = 4_096;
const MAX_UNIX_S = 0xffff_ffff;
/** No meter of a household, nor of a substation, passes these; beyond them is a liar or a broken sensor. */
const MAX_POWER_W = 1e9;
const OPTIONAL = { voltageMv: [0, 1e9], currentMa: [-1e9, 1e9], signalDbm: [-300, 100] } as const;
const BALANCE = /^(?:0|-?[1-9]\d{0,15})$/;

/** Reads `up/tele` (WIRE.md "A reading"); `undefined` unless every member that the contract names is as it says. Others are ignored. */
export function readTele(payload: Uint8Array, arrival: Arrival): Measured | undefined {
  const json = parsed(payload);
  if (json === undefined) return undefined;
  const clockTrust = whole(json.clockTrust, 0, 2);
  const meterTimeS = whole(json.at, 0, MAX_UNIX_S);
  const values = teleValues(json);
  if (meterTimeS === undefined || values === undefined) return undefined;
  if (clockTrust !== 0 && clockTrust !== 1 && clockTrust !== 2) return undefined;
  return { ...arrival, source: 'tele', meterTimeS, clockTrust, ...values };
}

/** Reads `up/evt` (WIRE.md "An event"). It says nothing of the clock, so its time is not trusted. */
export function readEvent(payload: Uint8Array, arrival: Arrival): Measured | undefined {
  const json = parsed(payload);
  const event = EVENT_KINDS.find((kind) => kind === json?.kind);
  const meterTimeS = whole(json?.at, 0, MAX_UNIX_S);
  if (json === undefined || event === undefined || meterTimeS === undefined) return undefined;
  return { ...arrival, source: 'event', meterTimeS, clockTrust: 0, event, ...toldBy(event, json.detail) };
}

function teleValues(json: JsonObject): ReadingValues | undefined {
  const energyWh = whole(json.energyWh, 0, Number.MAX_SAFE_INTEGER);
  const powerW = whole(json.powerW, -MAX_POWER_W, MAX_POWER_W);
  const balance = balanceOf(json.balance);
  const relay = relayOf(json.relay);
  if (energyWh === undefined || powerW === undefined || balance === undefined || relay === undefined) {
    return undefined;
  }
  const optional = optionalValues(json);
  return optional === undefined ? undefined : { energyWh, powerW, balance, relay, ...optional };
}

/** What need not be told; told wrong, nothing of the rest is believed. */
function optionalValues(json: JsonObject): ReadingValues | undefined {
  const values: Record<string, number> = {};
  for (const [name, [min, max]] of Object.entries(OPTIONAL)) {
    if (json[name] === undefined) continue;
    const value = whole(json[name], min, max);
    if (value === undefined) return undefined;
    values[name] = value;
  }
  return values;
}

function toldBy(event: EventKind, detail: unknown): ReadingValues {
  if (event === 'tamper') return { tamper: true };
  const relay = event === 'relay' ? relayOf(detail) : undefined;
  return relay === undefined ? {} : { relay };
}

function parsed(payload: Uint8Array): JsonObject | undefined {
  if (payload.length > MAX_BYTES) return undefined;
  try {
    return parseStrictJson(payload, 'telemetry');
  } catch (error) {
    if (error instanceof TapwattError) return undefined;
    throw error;
  }
}

function whole(value: unknown, min: number, max: number): number | undefined {
  const isInside = typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
  // Minus nought is nought.
  return isInside ? value + 0 : undefined;
}

function balanceOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string' || !BALANCE.test(value)) return undefined;
  const balance = BigInt(value);
  return balance <= MAX_BALANCE && balance >= -MAX_BALANCE ? balance : undefined;
}

const relayOf = (value: unknown): 'closed' | 'open' | undefined =>
  value === 'closed' || value === 'open' ? value : undefined;
