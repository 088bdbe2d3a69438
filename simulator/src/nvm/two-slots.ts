import { crc32 } from 'node:zlib';
import { type NvmStorage, nvmRegion, WORD_BYTES } from './storage.ts';

const MARK_WHOLE = 0x54573031; // "TW01"
const MARK_WRITING = 0;
const HEADER_WORDS = 4; // mark · generation · payload length · CRC-32 of the three that follow the mark
const MAX_GENERATION = 0xffff_ffff;

interface SlotContent {
  readonly generation: number;
  readonly payload: Uint8Array;
}

const checksum = (generation: number, payload: Uint8Array): number => {
  const header = new DataView(new ArrayBuffer(8));
  header.setUint32(0, generation);
  header.setUint32(4, payload.length);
  return crc32(payload, crc32(new Uint8Array(header.buffer)));
};

const readSlot = (slot: NvmStorage): SlotContent | undefined => {
  if (slot.read(0) !== MARK_WHOLE) return undefined;
  const generation = slot.read(1);
  const length = slot.read(2);
  if (length > (slot.words - HEADER_WORDS) * WORD_BYTES) return undefined;
  const words = Math.ceil(length / WORD_BYTES);
  const view = new DataView(new ArrayBuffer(words * WORD_BYTES));
  for (let word = 0; word < words; word++) view.setUint32(word * WORD_BYTES, slot.read(HEADER_WORDS + word));
  const payload = new Uint8Array(view.buffer, 0, length);
  return checksum(generation, payload) === slot.read(3) ? { generation, payload } : undefined;
};

/** The mark is taken away first and set last, so that no mixture of two contents ever carries it. */
const writeSlot = (slot: NvmStorage, { generation, payload }: SlotContent): void => {
  const words = Math.ceil(payload.length / WORD_BYTES);
  if (HEADER_WORDS + words > slot.words) throw new RangeError(`${payload.length} bytes do not fit a slot`);
  const padded = new Uint8Array(words * WORD_BYTES);
  padded.set(payload);
  const view = new DataView(padded.buffer);
  slot.write(0, MARK_WRITING);
  slot.write(1, generation);
  slot.write(2, payload.length);
  slot.write(3, checksum(generation, payload));
  for (let word = 0; word < words; word++) slot.write(HEADER_WORDS + word, view.getUint32(word * WORD_BYTES));
  slot.write(0, MARK_WHOLE);
  slot.sync();
};

/**
 * One atomic record in two slots, each with a generation and a CRC-32 (WIRE.md "What a meter keeps"): always the older
 * slot is written, the newer whole one counts. Recovery only reads, so that a cut during recovery changes nothing.
 */
export class TwoSlots {
  /** Words that a record of at most `payloadBytes` needs. */
  static wordsFor(payloadBytes: number): number {
    return 2 * (HEADER_WORDS + Math.ceil(payloadBytes / WORD_BYTES));
  }

  readonly #slots: readonly [NvmStorage, NvmStorage];
  #generation = 0;
  #older: 0 | 1 = 0;

  constructor(storage: NvmStorage) {
    const half = Math.floor(storage.words / 2);
    this.#slots = [nvmRegion(storage, 0, half), nvmRegion(storage, half, half)];
  }

  /** The newest whole content, or `undefined` where neither slot is whole. Call it once, before the first `commit`. */
  recover(): Uint8Array | undefined {
    const [a, b] = [readSlot(this.#slots[0]), readSlot(this.#slots[1])];
    const newest = a !== undefined && (b === undefined || a.generation >= b.generation) ? a : b;
    this.#older = newest === a ? 1 : 0;
    this.#generation = newest?.generation ?? 0;
    return newest?.payload;
  }

  /** Returns when the content is whole and durable; when it throws, the content is the old one or the new one. */
  commit(payload: Uint8Array): void {
    const generation = this.#generation + 1;
    if (generation > MAX_GENERATION) throw new RangeError('the memory is worn out');
    writeSlot(this.#slots[this.#older], { generation, payload });
    this.#generation = generation;
    this.#older = this.#older === 0 ? 1 : 0;
  }
}
