import type { BrokerLimits } from './limits.ts';

/** Control packet types of MQTT 3.1.1 (section 2.2.1) that a client may send. */
const PACKET = {
  CONNECT: 1,
  PUBLISH: 3,
  PUBACK: 4,
  PUBREC: 5,
  PUBREL: 6,
  PUBCOMP: 7,
  SUBSCRIBE: 8,
  UNSUBSCRIBE: 10,
  PINGREQ: 12,
  DISCONNECT: 14,
} as const;

/** Why a client is cut off before aedes sees the bytes. */
export type Violation =
  | 'not-a-connect'
  | 'early-bytes'
  | 'unknown-type'
  | 'bad-length'
  | 'too-long'
  | 'bad-subscribe'
  | 'too-many-filters';

export interface Frame {
  readonly type: number;
  /** The whole frame, fixed header included. */
  readonly bytes: Uint8Array;
}

export type SplitLimits = Pick<
  BrokerLimits,
  | 'maxConnectBytes'
  | 'maxBytesBeforeConnack'
  | 'maxPacketBytes'
  | 'maxSubscribeBytes'
  | 'maxFiltersPerSubscribe'
>;

const ACKNOWLEDGEMENT_BYTES = 2;
const MAX_HEADER_BYTES = 5;
/** Pieces held before they are joined, so that a client that sends byte by byte costs bytes and not objects. */
const MAX_HELD_PIECES = 64;

/**
 * Cuts a client's byte stream into whole MQTT frames by their fixed headers (MQTT 3.1.1 section 2.2) and refuses a
 * frame by its header alone, so that at most one frame of the allowed size is ever held in memory.
 */
export class FrameSplitter {
  readonly #limits: SplitLimits;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  /** Length of the frame whose beginning is held; 0 while its header is not complete. */
  #needed = 0;
  #first = true;
  #bytesBeforeConnack: number;
  violation: Violation | undefined;

  constructor(limits: SplitLimits) {
    this.#limits = limits;
    this.#bytesBeforeConnack = limits.maxBytesBeforeConnack;
  }

  /** From the CONNACK on, the bound on early bytes no longer counts. */
  letIn(): void {
    this.#bytesBeforeConnack = Number.POSITIVE_INFINITY;
  }

  /** The frames that `chunk` completes, in order; after a violation none, ever. */
  push(chunk: Uint8Array): Frame[] {
    if (this.violation !== undefined) return [];
    this.#bytesBeforeConnack -= chunk.length;
    if (this.#bytesBeforeConnack < 0) return this.#refuse('early-bytes');
    const bytes = this.#withHeld(chunk);
    return bytes === undefined ? [] : this.#split(bytes);
  }

  #withHeld(chunk: Uint8Array): Uint8Array | undefined {
    if (this.#heldBytes === 0) return chunk;
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    const complete = this.#heldBytes >= this.#needed;
    if (!complete && this.#held.length <= MAX_HELD_PIECES) return undefined;
    const joined = Buffer.concat(this.#held, this.#heldBytes);
    this.#held = complete ? [] : [joined];
    if (!complete) return undefined;
    this.#heldBytes = 0;
    return joined;
  }

  #split(bytes: Uint8Array): Frame[] {
    const frames: Frame[] = [];
    let at = 0;
    while (at < bytes.length) {
      const length = this.#frameLength(bytes, at);
      if (this.violation !== undefined) return [];
      if (length === 0 || at + length > bytes.length) {
        this.#hold(bytes.subarray(at), length);
        break;
      }
      const frame = { type: (bytes[at] ?? 0) >> 4, bytes: bytes.subarray(at, at + length) };
      if (!this.#filtersFit(frame)) return [];
      frames.push(frame);
      at += length;
    }
    return frames;
  }

  #hold(rest: Uint8Array, needed: number): void {
    this.#held = [rest];
    this.#heldBytes = rest.length;
    this.#needed = needed;
  }

  /** Length of the whole frame that begins at `at`; 0 while its header is incomplete. */
  #frameLength(bytes: Uint8Array, at: number): number {
    const type = (bytes[at] ?? 0) >> 4;
    if (this.#first && type !== PACKET.CONNECT) return this.#violate('not-a-connect');
    let remaining = 0;
    for (let i = 1; i < MAX_HEADER_BYTES; i++) {
      const byte = bytes[at + i];
      if (byte === undefined) return 0;
      remaining += (byte & 0x7f) * 128 ** (i - 1);
      if (byte < 0x80) return this.#checked(type, remaining, 1 + i + remaining);
    }
    return this.#violate('bad-length');
  }

  #checked(type: number, remaining: number, length: number): number {
    const allowed = this.#allowedLength(type);
    if (allowed === undefined) return this.#violate('unknown-type');
    if (remaining > allowed) return this.#violate('too-long');
    this.#first = false;
    return length;
  }

  #allowedLength(type: number): number | undefined {
    switch (type) {
      case PACKET.CONNECT:
        return this.#limits.maxConnectBytes;
      case PACKET.PUBLISH:
        return this.#limits.maxPacketBytes;
      case PACKET.SUBSCRIBE:
      case PACKET.UNSUBSCRIBE:
        return this.#limits.maxSubscribeBytes;
      case PACKET.PUBACK:
      case PACKET.PUBREC:
      case PACKET.PUBREL:
      case PACKET.PUBCOMP:
        return ACKNOWLEDGEMENT_BYTES;
      case PACKET.PINGREQ:
      case PACKET.DISCONNECT:
        return 0;
      default:
        return undefined;
    }
  }

  #filtersFit(frame: Frame): boolean {
    if (frame.type !== PACKET.SUBSCRIBE && frame.type !== PACKET.UNSUBSCRIBE) return true;
    const filters = countFilters(frame);
    if (filters === undefined) this.#violate('bad-subscribe');
    else if (filters > this.#limits.maxFiltersPerSubscribe) this.#violate('too-many-filters');
    return this.violation === undefined;
  }

  #violate(violation: Violation): 0 {
    this.violation = violation;
    this.#held = [];
    this.#heldBytes = 0;
    return 0;
  }

  #refuse(violation: Violation): Frame[] {
    this.#violate(violation);
    return [];
  }
}

/** Filters of a SUBSCRIBE or UNSUBSCRIBE (MQTT 3.1.1 sections 3.8.3 and 3.10.3); undefined if it is malformed. */
const countFilters = ({ type, bytes }: Frame): number | undefined => {
  const afterFilter = type === PACKET.SUBSCRIBE ? 1 : 0;
  let at = headerLength(bytes) + 2;
  let filters = 0;
  while (at < bytes.length) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    at += 2 + length + afterFilter;
    filters++;
  }
  return at === bytes.length && filters > 0 ? filters : undefined;
};

const headerLength = (bytes: Uint8Array): number => {
  let at = 1;
  while ((bytes[at] ?? 0) >= 0x80) at++;
  return at + 1;
};
