import { hexToBytes, hmacSha256 } from '../bytes.ts';
import { TapwattError } from '../errors.ts';

/** Writes a frame's fields in the order of WIRE.md, big-endian; throws BAD_FORMAT naming a field that does not fit. */
export class FrameWriter {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  readonly #type: string;
  #offset = 0;

  constructor(type: string, length: number) {
    this.#type = type;
    this.#frame = new Uint8Array(length);
    this.#view = new DataView(this.#frame.buffer);
  }

  u8(name: string, value: number): this {
    this.#view.setUint8(this.#advance(1), this.#checked(name, value, 0xff));
    return this;
  }

  u16(name: string, value: number): this {
    this.#view.setUint16(this.#advance(2), this.#checked(name, value, 0xffff));
    return this;
  }

  u32(name: string, value: number): this {
    this.#view.setUint32(this.#advance(4), this.#checked(name, value, 0xffff_ffff));
    return this;
  }

  u64(name: string, value: bigint): this {
    if (BigInt.asUintN(64, value) !== value) throw this.#broken(name);
    this.#view.setBigUint64(this.#advance(8), value);
    return this;
  }

  i64(name: string, value: bigint): this {
    if (BigInt.asIntN(64, value) !== value) throw this.#broken(name);
    this.#view.setBigInt64(this.#advance(8), value);
    return this;
  }

  bytes(name: string, value: Uint8Array | string, length: number): this {
    const bytes = typeof value === 'string' ? hexToBytes(value) : value;
    if (bytes.length !== length) throw this.#broken(name);
    this.#frame.set(bytes, this.#advance(length));
    return this;
  }

  /** Reserved bytes, which stay zero. */
  reserved(length: number): this {
    this.#advance(length);
    return this;
  }

  /** The whole frame, its last bytes the first ones of the MAC over all that was written. */
  seal(key: Uint8Array): Uint8Array {
    const mac = hmacSha256(key, this.#frame.subarray(0, this.#offset));
    this.#frame.set(mac.subarray(0, this.#frame.length - this.#offset), this.#offset);
    return this.#frame;
  }

  /** The whole frame, its MAC left zero: nobody takes it for authentic. */
  unsealed(): Uint8Array {
    return this.#frame;
  }

  #advance(length: number): number {
    const offset = this.#offset;
    this.#offset += length;
    return offset;
  }

  #checked(name: string, value: number, max: number): number {
    if (!Number.isInteger(value) || value < 0 || value > max) throw this.#broken(name);
    return value;
  }

  #broken(name: string): TapwattError {
    return new TapwattError('BAD_FORMAT', `${this.#type}.${name}: does not fit its field.`);
  }
}
