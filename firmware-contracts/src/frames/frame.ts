import { equalConstantTime, hmacSha256 } from '../bytes.ts';
import { TapwattError } from '../errors.ts';
import type { EpochKeys } from '../keys.ts';

/** The version byte of every frame of this contract. */
export const WIRE_VERSION = 1;

/** Frame lengths in bytes, MAC included (WIRE.md). */
export const FRAME_LENGTH = {
  voucher: 72,
  receipt: 128,
  status: 64,
  acknowledgement: 28,
  timeOrder: 28,
} as const;

/** What reading a frame gives: its fields, or that it breaks the contract; its MAC is not looked at. */
export type Decoded<F> =
  | { readonly ok: true; readonly fields: F }
  | { readonly ok: false; readonly refuse: 'BAD_FORMAT' };

export const REFUSED = { ok: false, refuse: 'BAD_FORMAT' } as const;

/** Whether a frame of this length ends with the first bytes of the MAC over what stands before them. */
export const hasMac = (
  frame: Uint8Array,
  {
    length,
    macLength,
    key,
  }: { readonly length: number; readonly macLength: number; readonly key: Uint8Array },
): boolean => {
  if (frame.length !== length) return false;
  const body = length - macLength;
  return equalConstantTime(
    frame.subarray(body),
    hmacSha256(key, frame.subarray(0, body)).subarray(0, macLength),
  );
};

/** Refuses to seal a frame with the keys of another epoch than the one it states; throws BAD_FORMAT. */
export const assertEpoch = (type: string, keyEpoch: number, keys: EpochKeys): void => {
  if (keyEpoch !== keys.keyEpoch) {
    throw new TapwattError(
      'BAD_FORMAT',
      `${type}.keyEpoch: ${keyEpoch}, but the keys are of epoch ${keys.keyEpoch}.`,
    );
  }
};
