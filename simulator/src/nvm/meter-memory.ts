import { CHARGE_RECORD_BYTES, type ChargeRegister, decodeCharge, encodeCharge } from './charge-record.ts';
import { decodeRecord, encodeRecord, MAX_RECORD_BYTES, type StoredRecord } from './meter-record.ts';
import { type NvmStorage, nvmRegion } from './storage.ts';
import { TwoSlots } from './two-slots.ts';

const RECORD_WORDS = TwoSlots.wordsFor(MAX_RECORD_BYTES);
const CHARGE_WORDS = TwoSlots.wordsFor(CHARGE_RECORD_BYTES);

/** Words of memory that a meter needs. */
export const METER_NVM_WORDS = RECORD_WORDS + CHARGE_WORDS;

const decoded = <T>(payload: Uint8Array | undefined, decode: (bytes: Uint8Array) => T): T | undefined => {
  if (payload === undefined) return undefined;
  try {
    return decode(payload);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/**
 * A meter's two records in its memory, each in two slots of its own (WIRE.md "What a meter keeps").
 * `recover` gives `undefined` for a record of which no slot is whole: the meter is then LOCKED.
 */
export class MeterMemory {
  readonly #record: TwoSlots;
  readonly #charge: TwoSlots;

  constructor(storage: NvmStorage) {
    this.#record = new TwoSlots(nvmRegion(storage, 0, RECORD_WORDS));
    this.#charge = new TwoSlots(nvmRegion(storage, RECORD_WORDS, CHARGE_WORDS));
  }

  recover(): { readonly stored: StoredRecord | undefined; readonly charge: ChargeRegister | undefined } {
    return {
      stored: decoded(this.#record.recover(), decodeRecord),
      charge: decoded(this.#charge.recover(), decodeCharge),
    };
  }

  commitRecord(stored: StoredRecord): void {
    this.#record.commit(encodeRecord(stored));
  }

  commitCharge(register: ChargeRegister): void {
    this.#charge.commit(encodeCharge(register));
  }
}
