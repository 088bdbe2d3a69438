import { describe, expect, it } from 'vitest';
import { seededRandom } from '../time/random.ts';
import {
  combined,
  deaf,
  dropsReceipts,
  HONEST,
  hearsTwice,
  liar,
  repeatsReceipts,
  silent,
  slow,
} from './behaviour.ts';

const receipt = { channel: 'rcpt', payload: new Uint8Array(128), delayMs: 0 } as const;
const status = { channel: 'status', payload: new Uint8Array(64), delayMs: 0 } as const;
const voucher = { channel: 'vch', payload: new Uint8Array(72), delayMs: 0 } as const;

const bitsThatDiffer = (a: Uint8Array, b: Uint8Array): number =>
  a.reduce((sum, byte, i) => sum + ((byte ^ (b[i] ?? 0)).toString(2).match(/1/g)?.length ?? 0), 0);

describe('a misbehaving meter', () => {
  it('is late by what it was told', () => {
    expect(slow(250).outgoing?.(receipt)).toEqual([{ ...receipt, delayMs: 250 }]);
  });

  it('says nothing, or hears nothing', () => {
    expect(silent.outgoing?.(status)).toEqual([]);
    expect(deaf.incoming?.(voucher)).toEqual([]);
  });

  it('loses and repeats receipts, but nothing else', () => {
    expect(dropsReceipts(1, seededRandom(1)).outgoing?.(receipt)).toEqual([]);
    expect(dropsReceipts(1, seededRandom(1)).outgoing?.(status)).toEqual([status]);
    expect(repeatsReceipts(3).outgoing?.(receipt)).toHaveLength(3);
    expect(repeatsReceipts(3).outgoing?.(status)).toHaveLength(1);
    expect(hearsTwice(2).incoming?.(voucher)).toEqual([voucher, voucher]);
  });

  it('lies by exactly one bit and leaves its own copy alone', () => {
    const [told] = liar(1, seededRandom(3)).outgoing?.(receipt) ?? [];
    expect(bitsThatDiffer(receipt.payload, told?.payload ?? new Uint8Array())).toBe(1);
    expect(receipt.payload.every((byte) => byte === 0)).toBe(true);
  });

  it('can be several things at once', () => {
    const both = combined(repeatsReceipts(2), slow(10), HONEST);
    expect(both.outgoing?.(receipt)).toEqual([
      { ...receipt, delayMs: 10 },
      { ...receipt, delayMs: 10 },
    ]);
    expect(both.incoming?.(voucher)).toEqual([voucher]);
  });
});
