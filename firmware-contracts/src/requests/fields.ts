import { TapwattError } from '../errors.ts';
import { AMOUNT_MAX } from '../frames/voucher.ts';
import { isName, isVoucherId, meterId, type VoucherId } from '../ids.ts';
import type { JsonObject, JsonValue } from './strict-json.ts';

const U32_MAX = 0xffff_ffff;
const MONEY = /^[1-9][0-9]{0,15}$/;

/** Reads the members of a payload one by one by name, and at the end refuses those that nobody asked for. */
export class PayloadFields {
  readonly #payload: JsonObject;
  readonly #read = new Set<string>();

  constructor(payload: JsonObject) {
    this.#payload = payload;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#payload, name);
  }

  /** `[A-Za-z0-9_-]{1,64}`. */
  name(name: string): string {
    const value = this.text(name);
    if (!isName(value)) throw bad(name, 'letters, digits, _ and -, at most 64');
    return value;
  }

  text(name: string): string {
    const value = this.#take(name);
    if (typeof value !== 'string') throw bad(name, 'must be a string');
    return value;
  }

  /** A meter's decimal number. */
  meterNumber(name: string): string {
    const value = this.text(name);
    try {
      meterId(value);
    } catch (cause) {
      throw new TapwattError('BAD_REQUEST', `${name}: not a meter's decimal number.`, { cause });
    }
    return value;
  }

  voucherId(name: string): VoucherId {
    const value = this.text(name);
    if (!isVoucherId(value)) throw bad(name, 'must be 32 lower-case hex digits');
    return value;
  }

  /** Minor units, 1 … 2^53 − 1, as a decimal string without leading zeros. */
  amount(name: string): string {
    const value = this.text(name);
    if (!MONEY.test(value) || BigInt(value) > AMOUNT_MAX) {
      throw bad(name, 'a decimal string of minor units from 1 to 2^53 - 1, without leading zeros');
    }
    return value;
  }

  /** Unix seconds. */
  time(name: string): number {
    const value = this.#take(name);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > U32_MAX) {
      throw bad(name, 'Unix seconds from 0 to 2^32 - 1');
    }
    return value;
  }

  boolean(name: string): boolean {
    const value = this.#take(name);
    if (typeof value !== 'boolean') throw bad(name, 'must be true or false');
    return value;
  }

  object(name: string): JsonObject {
    const value = this.#take(name);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw bad(name, 'must be an object');
    return value as JsonObject;
  }

  /** A frame of so many bytes as lower-case hex. */
  frame(name: string, length: number): string {
    return checkedFrame(name, this.text(name), length);
  }

  /** 1 … `max` frames of so many bytes as lower-case hex. */
  frames(name: string, length: number, max: number): readonly string[] {
    const value = this.#take(name);
    if (!Array.isArray(value) || value.length < 1 || value.length > max) {
      throw bad(name, `an array of 1 to ${max} frames`);
    }
    return value.map((frame: unknown, index) => checkedFrame(`${name}[${index}]`, frame, length));
  }

  /** Throws BAD_REQUEST naming a member that was not read. */
  end(): void {
    const unknown = Object.keys(this.#payload).find((name) => !this.#read.has(name));
    if (unknown !== undefined) throw bad(unknown, 'no such field here');
  }

  #take(name: string): JsonValue | undefined {
    this.#read.add(name);
    const value = this.has(name) ? this.#payload[name] : undefined;
    if (value === undefined) throw bad(name, 'is missing');
    return value;
  }
}

export const bad = (field: string, why: string): TapwattError =>
  new TapwattError('BAD_REQUEST', `${field}: ${why}.`);

const checkedFrame = (name: string, value: unknown, length: number): string => {
  if (typeof value !== 'string' || value.length !== 2 * length || !/^[0-9a-f]*$/.test(value)) {
    throw bad(name, `must be ${length} bytes as lower-case hex`);
  }
  return value;
};
