import { describe, expect, it } from 'vitest';
import type { VoucherId } from '../ids.ts';
import { CLOCK, keysOf, METER, newMeter, seal, voucher } from '../meter/meter.fixture.ts';
import { presentVoucher } from '../meter/present-voucher.ts';
import { RESULT } from '../results.ts';
import { encodeQuestion } from './question.ts';
import { decodeReceipt, isAuthenticReceipt } from './receipt.ts';

const NONCE = 'a1'.repeat(16) as VoucherId;

describe('a question', () => {
  it.each([1, 7])(
    'of epoch %d is answered with its nonce and the newest figures, and changes nothing',
    (keyEpoch) => {
      const { state } = presentVoucher(newMeter(), seal(voucher(1, 1)), CLOCK);
      const answered = presentVoucher(
        state,
        encodeQuestion({ meterId: METER, keyEpoch, nonce: NONCE }),
        CLOCK,
      );
      const decoded = decodeReceipt(answered.receipt);
      expect(decoded).toMatchObject({
        ok: true,
        fields: { result: RESULT.BAD_MAC, voucherId: NONCE, receiptNo: 1, cumulativeCredited: 100n },
      });
      expect(isAuthenticReceipt(answered.receipt, keysOf(1))).toBe(true);
      expect(answered.state).toEqual(state);
    },
  );
});
