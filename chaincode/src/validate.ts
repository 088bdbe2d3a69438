import { AMOUNT_MAX, isName, isVoucherId, meterId } from '@tapwatt/firmware-contracts';
import type { Member } from './protocol/records.ts';
import { Rejected } from './rejected.ts';

const U32_MAX = 0xffff_ffff;
const TEXT_MAX = 200;
const AMOUNT = /^[1-9][0-9]{0,15}$/;
const LOWER_HEX = /^[0-9a-f]*$/;
const MEMBER_NAME = /^[A-Za-z0-9._@-]{1,128}$/;
const RAW_KEY = /^[A-Za-z0-9_-]{43}$/;

/** The most items of one transaction. */
export const BATCH_MAX = 500;

const bad = (field: string, why: string): Rejected => new Rejected('BAD_REQUEST', `${field}: ${why}.`);

/** Reads a request's fields one by one by name, and refuses those that nobody asked for; throws BAD_REQUEST naming the field. */
export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #read = new Set<string>();

  constructor(request: unknown) {
    if (typeof request !== 'object' || request === null || Array.isArray(request)) {
      throw bad('request', 'must be an object');
    }
    this.#fields = request as Record<string, unknown>;
  }

  has(field: string): boolean {
    return Object.hasOwn(this.#fields, field) && this.#fields[field] !== undefined;
  }

  /** A field that may be absent, as an object to spread. */
  optional<F extends string, T>(field: F, read: (field: F) => T): { [K in F]?: T } {
    return (this.has(field) ? { [field]: read.call(this, field) } : {}) as { [K in F]?: T };
  }

  /** `[A-Za-z0-9_-]{1,64}`. */
  name(field: string): string {
    const value = this.#string(field);
    if (!isName(value)) throw bad(field, 'letters, digits, _ and -, at most 64');
    return value;
  }

  /** Free text for people, 1 to 200 characters. */
  text(field: string): string {
    const value = this.#string(field);
    if (value.length === 0 || value.length > TEXT_MAX) throw bad(field, `1 to ${TEXT_MAX} characters`);
    return value;
  }

  /** A compact JWS; its own parser bounds and checks it. */
  jws(field: string): string {
    return this.#string(field);
  }

  meterId(field: string): string {
    const value = this.#string(field);
    meterId(value);
    return value;
  }

  voucherId(field: string): string {
    const value = this.#string(field);
    if (!isVoucherId(value)) throw bad(field, 'must be 32 lower-case hex digits');
    return value;
  }

  /** So many bytes as lower-case hex. */
  hex(field: string, bytes: number): string {
    const value = this.#string(field);
    if (value.length !== 2 * bytes || !LOWER_HEX.test(value)) {
      throw bad(field, `must be ${bytes} bytes as lower-case hex`);
    }
    return value;
  }

  /** A raw Ed25519 public key, base64url. */
  publicKey(field: string): string {
    const value = this.#string(field);
    if (!RAW_KEY.test(value)) throw bad(field, 'must be a raw Ed25519 key, 32 bytes as base64url');
    return value;
  }

  /** An organisation and a certificate's common name in it. */
  member(field: string): Member {
    const fields = this.object(field);
    const member = { mspId: fields.memberName('mspId'), name: fields.memberName('name') };
    fields.end();
    return member;
  }

  /** `[A-Za-z0-9._@-]{1,128}`, as common names and MSP ids are. */
  memberName(field: string): string {
    const value = this.#string(field);
    if (!MEMBER_NAME.test(value)) throw bad(field, 'letters, digits, . _ @ and -, at most 128');
    return value;
  }

  /** Minor units, 1 … 2^53 − 1, as a decimal string. */
  amount(field: string): string {
    const value = this.#string(field);
    if (!AMOUNT.test(value)) throw bad(field, 'a decimal string of minor units, without leading zeros');
    if (BigInt(value) > AMOUNT_MAX) throw new Rejected('AMOUNT_OUT_OF_RANGE', `${field}: above 2^53 - 1.`);
    return value;
  }

  integer(field: string, min: number, max: number = U32_MAX): number {
    const value = this.#take(field);
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
      throw bad(field, `an integer from ${min} to ${max}`);
    }
    return value;
  }

  boolean(field: string): boolean {
    const value = this.#take(field);
    if (typeof value !== 'boolean') throw bad(field, 'must be true or false');
    return value;
  }

  oneOf<T extends string>(field: string, values: readonly T[]): T {
    const value = this.#string(field);
    const found = values.find((one) => one === value);
    if (found === undefined) throw bad(field, `must be one of ${values.join(', ')}`);
    return found;
  }

  /** 1 to BATCH_MAX items, each still to be read: a bad one fails alone. */
  items(field: string): readonly unknown[] {
    const value = this.#take(field);
    if (!Array.isArray(value) || value.length < 1 || value.length > BATCH_MAX) {
      throw bad(field, `an array of 1 to ${BATCH_MAX}`);
    }
    return value;
  }

  object(field: string): Fields {
    return new Fields(this.#take(field));
  }

  end(): void {
    const unknown = Object.keys(this.#fields).find((field) => !this.#read.has(field));
    if (unknown !== undefined) throw bad(unknown, 'no such field here');
  }

  #string(field: string): string {
    const value = this.#take(field);
    if (typeof value !== 'string') throw bad(field, 'must be a string');
    return value;
  }

  #take(field: string): unknown {
    this.#read.add(field);
    if (!this.has(field)) throw bad(field, 'is missing');
    return this.#fields[field];
  }
}

/** Reads a whole request: every field known, none left over. */
export function readRequest<T>(request: unknown, read: (fields: Fields) => T): T {
  const fields = new Fields(request);
  const value = read(fields);
  fields.end();
  return value;
}
