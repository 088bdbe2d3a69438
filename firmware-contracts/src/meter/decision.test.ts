import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex } from '../bytes.ts';
import { encodeAcknowledgement } from '../frames/acknowledgement.ts';
import { decodeReceipt, isAuthenticReceipt, type ReceiptFields } from '../frames/receipt.ts';
import type { VoucherFields } from '../frames/voucher.ts';
import { carriesMoney, endsEpoch, RESULT, VOUCHER_KIND } from '../results.ts';
import { keysOf, METER, newMeter, seal, voucher } from './meter.fixture.ts';
import { presentVoucher } from './present-voucher.ts';
import type { MeterClock, MeterState } from './state.ts';
import { takeAcknowledgement } from './take-acknowledgement.ts';

type Action =
  | { readonly do: 'present'; readonly voucher: VoucherFields; readonly clock: MeterClock }
  | { readonly do: 'acknowledge'; readonly receiptNo: number; readonly floorSeq: number };

const NOTHING = '00'.repeat(32);

// Few seqs, ids and epochs, so that collisions, repeats and ends of epochs are the rule.
const seqs = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constantFrom(64, 65, 66, 70, 128, 140));
const somebodysVoucher = fc
  .record({
    kind: fc.constantFrom(1, 1, 1, 2, 2, 3, 5, 4, 6, 6),
    seq: seqs,
    keyEpoch: fc.constantFrom(1, 1, 2, 3),
    label: fc.constantFrom('a', 'a', 'a', 'b'),
    floor: fc.double({ min: 0, max: 1, noNaN: true }),
    amount: fc.bigInt({ min: 1n, max: 600n }),
    expires: fc.constantFrom(0, 0, 50),
  })
  .map((drawn) => {
    const kind = drawn.kind as VoucherFields['kind'];
    const seq = endsEpoch(kind) ? 0 : drawn.seq;
    return voucher(kind, seq, {
      keyEpoch: drawn.keyEpoch,
      label: drawn.label,
      amount: carriesMoney(kind) ? drawn.amount : 0n,
      expiresAt: kind === VOUCHER_KIND.VOID || endsEpoch(kind) ? 0 : drawn.expires,
      floorSeq: endsEpoch(kind)
        ? 0
        : drawn.floor < 0.8
          ? 1
          : 1 + Math.floor((drawn.floor - 0.8) * 5 * (seq - 1)),
    });
  });
const clock = fc.record({
  now: fc.integer({ min: 0, max: 100 }),
  trust: fc.constantFrom(0 as const, 1 as const, 2 as const),
});
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ do: fc.constant('present' as const), voucher: somebodysVoucher, clock }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('acknowledge' as const),
      receiptNo: fc.integer({ min: 0, max: 9 }),
      floorSeq: fc.integer({ min: 1, max: 8 }),
    }),
  },
);
const history = fc.array(action, { maxLength: 60 });

/** Watches a meter from outside and keeps the books that nobody may contradict. */
class Witness {
  state: MeterState = newMeter(2_000n);
  readonly credited = new Map<string, bigint>();
  readonly openings = new Map<string, string>();

  take(next: Action): void {
    if (next.do === 'acknowledge') this.#acknowledge(next.receiptNo, next.floorSeq);
    else this.#present(next.voucher, next.clock);
  }

  #acknowledge(receiptNo: number, floorSeq: number): void {
    const keyEpoch = this.state.record?.keyEpoch ?? 0;
    const frame = encodeAcknowledgement({ keyEpoch, meterId: METER, receiptNo, floorSeq }, keysOf(keyEpoch));
    const before = this.state;
    this.state = takeAcknowledgement(before, frame).state;
    expect(this.state.record?.cumulativeCredited).toBe(before.record?.cumulativeCredited);
    expect(this.state.record?.receiptNo).toBe(before.record?.receiptNo);
    this.#neverFalls(before, this.state);
  }

  #present(shown: VoucherFields, at: MeterClock): void {
    const before = this.state;
    const { state, receipt, committed } = presentVoucher(before, seal(shown), at);
    this.state = state;
    const fields = this.#read(receipt);
    this.#neverFalls(before, state);
    this.#booksOf(shown, before, state, committed);
    this.#openingOf(shown, fields);
    expect(fields.receiptNo).toBe(state.record?.receiptNo);
    expect(fields.cumulativeCredited).toBe(state.record?.cumulativeCredited);
    expect([state.record?.keyEpoch, state.record?.ended?.keyEpoch]).toContain(fields.keyEpoch);
    if (committed) expect(state.record?.ring.at(-1)).toEqual(receipt);
    else expect(state).toBe(before);
  }

  #read(receipt: Uint8Array): ReceiptFields {
    const decoded = decodeReceipt(receipt);
    if (!decoded.ok) throw new Error('a meter gave a receipt that nobody can read');
    expect(isAuthenticReceipt(receipt, keysOf(decoded.fields.keyEpoch))).toBe(true);
    return decoded.fields;
  }

  #neverFalls({ record: before }: MeterState, { record: after }: MeterState): void {
    if (before === undefined || after === undefined) throw new Error('a meter locked itself');
    expect(after.cumulativeCredited >= before.cumulativeCredited).toBe(true);
    expect(after.keyEpoch).toBeGreaterThanOrEqual(before.keyEpoch);
    expect(after.ackedReceiptNo).toBeGreaterThanOrEqual(before.ackedReceiptNo);
    if (after.keyEpoch === before.keyEpoch) {
      expect(after.window.floorSeq).toBeGreaterThanOrEqual(before.window.floorSeq);
      expect(after.window.hi).toBeGreaterThanOrEqual(before.window.hi);
      expect(after.ended).toBe(before.ended);
    }
    expect(after.closed || !before.closed).toBe(true);
    expect(after.ring.length).toBeLessThanOrEqual(8);
  }

  #booksOf(shown: VoucherFields, before: MeterState, after: MeterState, committed: boolean): void {
    const rise = (after.record?.cumulativeCredited ?? 0n) - (before.record?.cumulativeCredited ?? 0n);
    expect((after.record?.receiptNo ?? 0) - (before.record?.receiptNo ?? 0)).toBe(committed ? 1 : 0);
    expect(rise).toBe(committed && carriesMoney(shown.kind) ? shown.amount : 0n);
    if (rise === 0n) return;
    expect(this.credited.has(shown.voucherId)).toBe(false);
    this.credited.set(shown.voucherId, rise);
  }

  /** One voucher has one opening for ever, F or V, and it is the right one of its own epoch. */
  #openingOf(shown: VoucherFields, { opening, result }: ReceiptFields): void {
    const hex = bytesToHex(opening);
    if (result >= 16 && result !== RESULT.CONFLICT) expect(hex).toBe(NOTHING);
    if (result < 16) expect(hex).not.toBe(NOTHING);
    if (hex === NOTHING) return;
    const kinds = (['fulfil', 'void', 'close'] as const).filter(
      (kind) => bytesToHex(keysOf(shown.keyEpoch).opening(kind, shown.voucherId)) === hex,
    );
    expect(kinds).toHaveLength(1);
    expect(this.openings.get(shown.voucherId) ?? hex).toBe(hex);
    this.openings.set(shown.voucherId, hex);
    if (kinds[0] === 'void') expect(this.credited.has(shown.voucherId)).toBe(false);
  }
}

test('whatever is shown in whatever order, a voucher is credited at most once and proves one thing only', () => {
  fc.assert(
    fc.property(history, (actions) => {
      const witness = new Witness();
      for (const next of actions) witness.take(next);
      const total = [...witness.credited.values()].reduce((sum, amount) => sum + amount, 0n);
      expect(witness.state.record?.cumulativeCredited).toBe(total);
    }),
    { numRuns: 400 },
  );
});

test('what was answered with an opening is answered with it again at once', () => {
  fc.assert(
    fc.property(history, somebodysVoucher, clock, (actions, shown, at) => {
      const witness = new Witness();
      for (const next of actions) witness.take(next);
      const first = presentVoucher(witness.state, seal(shown), at);
      const again = presentVoucher(first.state, seal(shown), { now: 1_000, trust: 2 });
      const [one, two] = [decodeReceipt(first.receipt), decodeReceipt(again.receipt)];
      if (!one.ok || !two.ok) throw new Error('unreadable');
      if (one.fields.result < 16) expect(two.fields.opening).toEqual(one.fields.opening);
      if (first.committed) {
        const { result } = two.fields;
        expect([RESULT.ALREADY_APPLIED, RESULT.ALREADY_VOIDED]).toContain(result);
      }
      expect(again.committed && first.committed).toBe(false);
    }),
    { numRuns: 150 },
  );
});

test('a meter that was shown noise is the same meter', () => {
  fc.assert(
    fc.property(history, fc.uint8Array({ maxLength: 80 }), clock, (actions, noise, at) => {
      const witness = new Witness();
      for (const next of actions.slice(0, 5)) witness.take(next);
      const answer = presentVoucher(witness.state, noise, at);
      expect(answer.state).toBe(witness.state);
      expect(decodeReceipt(answer.receipt).ok).toBe(true);
    }),
    { numRuns: 100 },
  );
});
