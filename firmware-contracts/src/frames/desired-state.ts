import { concatBytes, equalConstantTime, hmacSha256 } from '../bytes.ts';
import { canonicalJson } from '../canonical-json.ts';
import { TapwattError } from '../errors.ts';
import type { EpochKeys } from '../keys.ts';
import { bad, PayloadFields } from '../requests/fields.ts';
import { type JsonObject, parseStrictJson } from '../requests/strict-json.ts';
import type { Decoded } from './frame.ts';
import { REFUSED } from './frame.ts';

/** The longest desired state that is read at all, bytes, MAC included. */
export const DESIRED_STATE_LENGTH_MAX = 4_096;

/**
 * What the gateway wants a meter to be (WIRE.md "MQTT 3.1.1", `dn/cfg`; SPEC.md "Desired state"): the whole of it each
 * time; a member left out leaves what the meter has. Money in minor units as decimal strings.
 */
export interface DesiredState {
  readonly meterId: string;
  /** 1 … 2^32 − 1; one not above the stored version is ignored. */
  readonly version: number;
  readonly tariff?: { readonly pricePerKwh: string };
  /** Minutes of the meter's day, from (included) to (excluded), in which the relay stays closed without credit. */
  readonly friendlyHours?: readonly { readonly fromMinute: number; readonly toMinute: number }[];
  readonly limits?: {
    readonly balance?: string;
    readonly emergencyCredit?: string;
    readonly lowCredit?: string;
  };
  /** `auto` = the meter decides by its credit. */
  readonly relay?: 'auto' | 'open';
  /** Sets bit 5 of the status. */
  readonly quarantined?: boolean;
}

const MAC_LENGTH = 16;
const MONEY = /^(?:0|[1-9][0-9]{0,18})$/;
const MONEY_MAX = 2n ** 63n - 1n;
const MINUTES_OF_A_DAY = 1_440;
const FRIENDLY_HOURS_MAX = 16;
const VERSION_MAX = 0xffff_ffff;

/** MAC and JSON of a desired state; throws BAD_FORMAT when it breaks the rules. */
export const encodeDesiredState = (desired: DesiredState, keys: EpochKeys): Uint8Array => {
  const json = new TextEncoder().encode(canonicalJson(desired));
  const payload = concatBytes(hmacSha256(keys.cfg, json).subarray(0, MAC_LENGTH), json);
  if (!decodeDesiredState(payload).ok)
    throw new TapwattError('BAD_FORMAT', 'The desired state breaks its rules.');
  return payload;
};

/** Reads a desired state; whether it is authentic is a question of its own. Members that it does not know it leaves alone. */
export const decodeDesiredState = (payload: Uint8Array): Decoded<DesiredState> => {
  if (payload.length <= MAC_LENGTH || payload.length > DESIRED_STATE_LENGTH_MAX) return REFUSED;
  try {
    return {
      ok: true,
      fields: readDesiredState(parseStrictJson(payload.subarray(MAC_LENGTH), 'desired state')),
    };
  } catch (error) {
    if (error instanceof TapwattError) return REFUSED;
    throw error;
  }
};

/** Whether the desired state's MAC is right under these keys. */
export const isAuthenticDesiredState = (payload: Uint8Array, keys: EpochKeys): boolean =>
  payload.length > MAC_LENGTH &&
  payload.length <= DESIRED_STATE_LENGTH_MAX &&
  equalConstantTime(
    payload.subarray(0, MAC_LENGTH),
    hmacSha256(keys.cfg, payload.subarray(MAC_LENGTH)).subarray(0, MAC_LENGTH),
  );

const readDesiredState = (json: JsonObject): DesiredState => {
  const fields = new PayloadFields(json);
  const { tariff, friendlyHours, limits, relay } = json;
  return {
    meterId: fields.meterNumber('meterId'),
    version: integer('version', json.version, 1, VERSION_MAX),
    ...(tariff === undefined
      ? {}
      : { tariff: { pricePerKwh: money('tariff', fields.object('tariff').pricePerKwh) } }),
    ...(friendlyHours === undefined ? {} : { friendlyHours: readHours(friendlyHours) }),
    ...(limits === undefined ? {} : { limits: readLimits(fields.object('limits')) }),
    ...(relay === undefined ? {} : { relay: readRelay(relay) }),
    ...(json.quarantined === undefined ? {} : { quarantined: fields.boolean('quarantined') }),
  };
};

const readHours = (value: unknown): DesiredState['friendlyHours'] & object => {
  if (!Array.isArray(value) || value.length > FRIENDLY_HOURS_MAX)
    throw bad('friendlyHours', 'not a short array');
  return value.map((hours: JsonObject | null) => ({
    fromMinute: integer('fromMinute', hours?.fromMinute, 0, MINUTES_OF_A_DAY),
    toMinute: integer('toMinute', hours?.toMinute, 0, MINUTES_OF_A_DAY),
  }));
};

const readLimits = (limits: JsonObject): DesiredState['limits'] & object => ({
  ...(limits.balance === undefined ? {} : { balance: money('limits.balance', limits.balance) }),
  ...(limits.emergencyCredit === undefined
    ? {}
    : { emergencyCredit: money('limits.emergencyCredit', limits.emergencyCredit) }),
  ...(limits.lowCredit === undefined ? {} : { lowCredit: money('limits.lowCredit', limits.lowCredit) }),
});

const readRelay = (relay: unknown): 'auto' | 'open' => {
  if (relay !== 'auto' && relay !== 'open') throw bad('relay', 'must be auto or open');
  return relay;
};

const integer = (name: string, value: unknown, min: number, max: number): number => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
    throw bad(name, `an integer from ${min} to ${max}`);
  }
  return value;
};

const money = (name: string, value: unknown): string => {
  if (typeof value !== 'string' || !MONEY.test(value) || BigInt(value) > MONEY_MAX) {
    throw bad(name, 'a decimal string of minor units');
  }
  return value;
};
