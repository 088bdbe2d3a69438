import { type JsonObject, parseStrictJson, TapwattError } from '@tapwatt/firmware-contracts';

/** A reading or an event of WIRE.md is far smaller; a larger payload is ignored. */
const MAX_BYTES = 4_096;

/** Reads a JSON payload of `up/tele` or `up/evt`; `undefined` when it is none. Without a MAC, so never used for money. */
export function readTelemetry(payload: Uint8Array): JsonObject | undefined {
  if (payload.length > MAX_BYTES) return undefined;
  try {
    return parseStrictJson(payload, 'telemetry');
  } catch (error) {
    if (error instanceof TapwattError) return undefined;
    throw error;
  }
}
