import { ByteReader, ByteWriter } from './byte-cursor.ts';

/** What was consumed: in money (never falls, WIRE.md "What a meter keeps") and in energy, with what is not yet a whole unit of either. */
export interface ChargeRegister {
  /** Minor units. */
  readonly charged: bigint;
  readonly energyWh: bigint;
  /** Watt-milliseconds short of the next Wh (3,600,000 of them). */
  readonly energyRestWms: number;
  /** Thousandths of a minor unit short of the next one. */
  readonly chargeRestMilli: number;
}

export const CHARGE_RECORD_BYTES = 24;

export const NOTHING_CHARGED: ChargeRegister = {
  charged: 0n,
  energyWh: 0n,
  energyRestWms: 0,
  chargeRestMilli: 0,
};

/** The bytes that go into a slot of the charge register. */
export const encodeCharge = (register: ChargeRegister): Uint8Array => {
  const out = new ByteWriter(CHARGE_RECORD_BYTES);
  out.u64(register.charged);
  out.u64(register.energyWh);
  out.u32(register.energyRestWms);
  out.u32(register.chargeRestMilli);
  return out.finish();
};

/** The register of a whole slot. Throws `RangeError` where the bytes were written by another layout. */
export const decodeCharge = (bytes: Uint8Array): ChargeRegister => {
  const from = new ByteReader(bytes);
  return {
    charged: from.u64(),
    energyWh: from.u64(),
    energyRestWms: from.u32(),
    chargeRestMilli: from.u32(),
  };
};
