import { bytesToHex } from '../bytes.ts';

/** Reads a frame's fields in the order of WIRE.md, big-endian; the caller has checked the frame's length. */
export class FrameReader {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  #offset = 0;
  #reservedIsZero = true;

  constructor(frame: Uint8Array) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  }

  /** Whether every reserved byte read so far was zero. */
  get reservedIsZero(): boolean {
    return this.#reservedIsZero;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8));
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#advance(8));
  }

  hex(length: number): string {
    return bytesToHex(this.bytes(length));
  }

  bytes(length: number): Uint8Array {
    const offset = this.#advance(length);
    return new Uint8Array(this.#frame.subarray(offset, offset + length));
  }

  reserved(length: number): void {
    if (this.bytes(length).some((byte) => byte !== 0)) this.#reservedIsZero = false;
  }

  #advance(length: number): number {
    const offset = this.#offset;
    this.#offset += length;
    return offset;
  }
}
