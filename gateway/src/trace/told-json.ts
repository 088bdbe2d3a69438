import { DESIRED_STATE_LENGTH_MAX, decodeDesiredState, parseStrictJson } from '@tapwatt/firmware-contracts';
import { printable } from './printable.ts';
import type { Told } from './traced-frame.ts';

/** What is beyond is not shown: a meter may say whatever it likes. */
const MAX_MEMBERS = 32;
const MAX_NAME = 64;
const MAX_VALUE = 256;
const MALFORMED = 'malformed';

/** A reading or an event (WIRE.md "MQTT 3.1.1"): whatever it says, not only what the contract names. */
export function toldInJson(frame: 'reading' | 'event', payload: Uint8Array): Told {
  if (payload.length > DESIRED_STATE_LENGTH_MAX) return { frame, refuse: MALFORMED };
  try {
    return { frame, fields: fieldsOf(parseStrictJson(payload, frame)) };
  } catch {
    return { frame, refuse: MALFORMED };
  }
}

/** A desired state: the members of the contract, and nothing of its MAC. */
export function toldInDesiredState(payload: Uint8Array): Told {
  const decoded = decodeDesiredState(payload);
  return decoded.ok
    ? { frame: 'desired-state', fields: fieldsOf(decoded.fields) }
    : { frame: 'desired-state', refuse: MALFORMED };
}

const fieldsOf = (json: object): Told['fields'] & object =>
  Object.fromEntries(
    Object.entries(json)
      .slice(0, MAX_MEMBERS)
      .map(([name, value]) => [printable(name, MAX_NAME), shown(value)]),
  );

function shown(value: unknown): number | string {
  if (typeof value === 'number') return value;
  return printable(typeof value === 'string' ? value : JSON.stringify(value), MAX_VALUE);
}
