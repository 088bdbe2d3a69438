import type { MeterId, VoucherId } from '../ids.ts';
import { VOUCHER_KIND } from '../results.ts';
import { FRAME_LENGTH, WIRE_VERSION } from './frame.ts';
import { FrameWriter } from './writer.ts';

/**
 * A voucher that no meter takes, since its MAC is zero: the answer is BAD_MAC, changes nothing, and repeats the
 * voucherId. Its registers are therefore authentic and newer than the question, which no status can prove of itself
 * (SPEC.md "Asking a meter how it stands"). `nonce`: 16 bytes as hex that nobody could foresee.
 */
export const encodeQuestion = (of: {
  readonly meterId: MeterId;
  readonly keyEpoch: number;
  readonly nonce: VoucherId;
}): Uint8Array =>
  new FrameWriter('voucher', FRAME_LENGTH.voucher)
    .u8('version', WIRE_VERSION)
    .u8('kind', VOUCHER_KIND.CREDIT)
    .u64('meterId', of.meterId)
    .u16('keyEpoch', of.keyEpoch)
    .u32('seq', 1)
    .u64('amount', 1n)
    .u32('issuedAt', 0)
    .u32('expiresAt', 0)
    .bytes('voucherId', of.nonce, 16)
    .u32('floorSeq', 1)
    .reserved(4)
    .unsealed();
