import { hkdfSync } from 'node:crypto';
import { hexToBytes, hmacSha256 } from './bytes.ts';
import { TapwattError } from './errors.ts';
import type { MeterId, VoucherId } from './ids.ts';

/** What an opening proves: `fulfil` (F) applied, `void` (V) never applicable, `close` (C) the epoch ended. */
export type OpeningKind = 'fulfil' | 'void' | 'close';

/** The keys of one meter and one epoch, each derived at its first use; keep the object to keep the derivations. */
export interface EpochKeys {
  readonly keyEpoch: number;
  readonly voucher: Uint8Array;
  readonly receipt: Uint8Array;
  readonly status: Uint8Array;
  readonly ack: Uint8Array;
  readonly cfg: Uint8Array;
  readonly time: Uint8Array;
  /** F, V or C of a voucher of this epoch, 32 bytes. */
  opening(kind: OpeningKind, voucherId: VoucherId): Uint8Array;
}

const KEY_LENGTH = 32;
const KEY_EPOCH_MAX = 0xffff;

/** Kroot, the meter's one secret, from the issuer's 32-byte master key (WIRE.md "Keys"). */
export const meterRootKey = (master: Uint8Array, meterId: MeterId): Uint8Array => {
  assertKey('master', master);
  const salt = new Uint8Array(8);
  new DataView(salt.buffer).setBigUint64(0, meterId);
  return new Uint8Array(hkdfSync('sha256', master, salt, 'tapwatt/v1/meter', KEY_LENGTH));
};

/** The keys and openings of one epoch of the meter that holds `root`; epoch 0 is what a LOCKED meter answers with. */
export const epochKeys = (root: Uint8Array, keyEpoch: number): EpochKeys => {
  assertKey('root', root);
  if (!Number.isInteger(keyEpoch) || keyEpoch < 0 || keyEpoch > KEY_EPOCH_MAX) {
    throw new TapwattError('BAD_REQUEST', 'keyEpoch: an integer from 0 to 65535.');
  }
  return new DerivedEpochKeys(root, keyEpoch);
};

type KeyName = 'voucher' | 'receipt' | 'status' | 'ack' | 'cfg' | 'time';

const label = (text: string): Uint8Array => new TextEncoder().encode(text);

const EPOCH_LABEL = label('epoch');
const KEY_LABEL: Readonly<Record<KeyName, Uint8Array>> = {
  voucher: label('voucher'),
  receipt: label('receipt'),
  status: label('status'),
  ack: label('ack'),
  cfg: label('cfg'),
  time: label('time'),
};
const OPENING_LABEL: Readonly<Record<OpeningKind, Uint8Array>> = {
  fulfil: label('fulfil'),
  void: label('void'),
  close: label('close'),
};

class DerivedEpochKeys implements EpochKeys {
  readonly keyEpoch: number;
  readonly #epochKey: Uint8Array;
  readonly #derived = new Map<KeyName, Uint8Array>();

  constructor(root: Uint8Array, keyEpoch: number) {
    this.keyEpoch = keyEpoch;
    this.#epochKey = hmacSha256(root, EPOCH_LABEL, Uint8Array.of(keyEpoch >> 8, keyEpoch & 0xff));
  }

  get voucher(): Uint8Array {
    return this.#key('voucher');
  }
  get receipt(): Uint8Array {
    return this.#key('receipt');
  }
  get status(): Uint8Array {
    return this.#key('status');
  }
  get ack(): Uint8Array {
    return this.#key('ack');
  }
  get cfg(): Uint8Array {
    return this.#key('cfg');
  }
  get time(): Uint8Array {
    return this.#key('time');
  }

  opening(kind: OpeningKind, voucherId: VoucherId): Uint8Array {
    return hmacSha256(this.#epochKey, OPENING_LABEL[kind], hexToBytes(voucherId));
  }

  #key(name: KeyName): Uint8Array {
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    const key = hmacSha256(this.#epochKey, KEY_LABEL[name]);
    this.#derived.set(name, key);
    return key;
  }
}

const assertKey = (name: string, key: Uint8Array): void => {
  if (key.length !== KEY_LENGTH) throw new TapwattError('BAD_REQUEST', `${name}: a key of 32 bytes.`);
};
