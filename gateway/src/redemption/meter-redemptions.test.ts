import { RESULT, type ReceiptFields, VOUCHER_KIND } from '@tapwatt/firmware-contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Proof } from '../issuer/issuer.ts';
import {
  ANSWER_TIMEOUT_MS,
  MAX_ATTEMPTS,
  MAX_DELIVERIES,
  NOT_NOW_MS,
  noRedemptions,
  progressOfVoucher,
  stepRedemptions,
} from './meter-redemptions.ts';
import type { MeterRedemptions, Purpose, RedemptionEffect, RedemptionInput, Watcher } from './types.ts';

const A = 'a'.repeat(32);
const agent: Watcher = { handsetId: 'shop', requestId: 'r1', asks: 'credit' };
const canceller: Watcher = { handsetId: 'shop', requestId: 'c1', asks: 'void' };

/** Plays inputs one after another, 1 ms apart, and keeps what came out. */
function play(...inputs: readonly (RedemptionInput | { wait: number })[]) {
  let state: MeterRedemptions = noRedemptions('42');
  let nowMs = 1_000;
  const effects: RedemptionEffect[] = [];
  for (const input of inputs) {
    if ('wait' in input) {
      nowMs += input.wait;
      continue;
    }
    const step = stepRedemptions(state, input, nowMs);
    state = step.state;
    effects.push(...step.effects);
    nowMs += 1;
  }
  const told = effects.flatMap((effect) =>
    effect.type === 'tell' ? [`${effect.watcher.requestId}:${effect.progress.status}`] : [],
  );
  const count = (type: RedemptionEffect['type']) => effects.filter((effect) => effect.type === type).length;
  return { state, effects, told, count };
}

const frameOf = (kind: number) => {
  const frame = new Uint8Array(72);
  frame[1] = kind;
  return frame;
};
const KIND_OF: Record<Purpose, number> = { credit: VOUCHER_KIND.CREDIT, void: VOUCHER_KIND.VOID, order: 6 };

const deliver = (purpose: Purpose = 'credit', watcher?: Watcher, voucherId = A): RedemptionInput => ({
  type: 'deliver',
  voucherId,
  purpose,
  frame: frameOf(KIND_OF[purpose]),
  ...(watcher === undefined ? {} : { watcher }),
});

const receipt = (
  result: number,
  options: { proof?: Proof; kind?: number; voucherId?: string } = {},
): RedemptionInput => ({
  type: 'receipt',
  link: 'mqtt',
  frame: new Uint8Array(128),
  fields: { result, kind: options.kind ?? 1, voucherId: options.voucherId ?? A } as ReceiptFields,
  ...(options.proof === undefined ? {} : { proof: options.proof }),
});

const here: RedemptionInput = { type: 'reachable', reachable: true };
const gone: RedemptionInput = { type: 'reachable', reachable: false };
const settled = (outcome: 'redeemed' | 'voided' | 'refused' | 'orphan'): RedemptionInput => ({
  type: 'settled',
  voucherId: A,
  outcome,
  txId: 't1',
});

describe('the redemption core', () => {
  it('tells what another gateway brought to the ledger in the same steps', () => {
    const proved = { ...settled('redeemed'), receipt: new Uint8Array(128) } as RedemptionInput;
    const { told, state, count } = play(deliver('credit', agent), proved);
    expect(told).toEqual(['r1:pending', 'r1:on-meter', 'r1:settled']);
    expect(state.deliveries).toEqual([]);
    expect(count('settle')).toBe(0);
  });

  it('presents at once to a meter that is there, and tells each step of the way', () => {
    const { told, count, state } = play(
      here,
      deliver('credit', agent),
      receipt(RESULT.APPLIED, { proof: 'fulfil' }),
      settled('redeemed'),
    );
    expect(told).toEqual(['r1:accepted', 'r1:on-meter', 'r1:settled']);
    expect([count('present'), count('settle'), count('on-meter')]).toEqual([1, 1, 1]);
    expect(state.deliveries).toEqual([]);
  });

  it('keeps a voucher for a meter that is away until it is heard', () => {
    const { told, count } = play(deliver('credit', agent), { type: 'tick' }, here);
    expect(told).toEqual(['r1:pending', 'r1:accepted']);
    expect(count('present')).toBe(1);
  });

  it('presents once when the same request comes twice', () => {
    const { told, count } = play(here, deliver('credit', agent), deliver('credit', agent));
    expect(count('present')).toBe(1);
    expect(told).toEqual(['r1:accepted', 'r1:accepted']);
  });

  it('tells both of two handsets that show the same voucher', () => {
    const other: Watcher = { handsetId: 'kiosk', requestId: 'r9', asks: 'credit' };
    const { told, count } = play(
      here,
      deliver('credit', agent),
      deliver('credit', other),
      receipt(RESULT.APPLIED, { proof: 'fulfil' }),
    );
    expect(count('present')).toBe(1);
    expect(told).toEqual(['r1:accepted', 'r9:accepted', 'r1:on-meter', 'r9:on-meter']);
  });

  it('presents again when no receipt came in time, and calls the meter away after the last attempt', () => {
    const waits = Array.from({ length: MAX_ATTEMPTS }, (_, attempt) => [
      { wait: ANSWER_TIMEOUT_MS * 2 ** attempt },
      { type: 'tick' } as const,
    ]).flat();
    const { told, count, state } = play(here, deliver('credit', agent), ...waits);
    expect(count('present')).toBe(MAX_ATTEMPTS);
    expect(told).toEqual(['r1:accepted', 'r1:pending']);
    expect(state.reachable).toBe(false);
  });

  it('goes back to waiting when the meter leaves in the middle, and on when it returns', () => {
    const { told } = play(
      here,
      deliver('credit', agent),
      gone,
      here,
      receipt(RESULT.ALREADY_APPLIED, { proof: 'fulfil' }),
    );
    expect(told).toEqual(['r1:accepted', 'r1:pending', 'r1:accepted', 'r1:on-meter']);
  });

  it('settles a receipt that nobody asked for', () => {
    expect(play(here, receipt(RESULT.APPLIED, { proof: 'fulfil' })).count('settle')).toBe(1);
  });

  it('counts a credit as on the meter once, however often the receipt comes', () => {
    const applied = receipt(RESULT.APPLIED, { proof: 'fulfil' });
    const { count, told } = play(here, deliver('credit', agent), applied, applied, applied);
    expect(count('on-meter')).toBe(1);
    expect(told).toEqual(['r1:accepted', 'r1:on-meter']);
  });

  it('replaces the credit by the void order of a committed cancel and passes its watchers on', () => {
    const { told, state } = play(
      deliver('credit', agent),
      deliver('void', canceller),
      deliver('credit', agent),
      here,
      receipt(RESULT.VOIDED, { proof: 'void', kind: 2 }),
      settled('voided'),
    );
    expect(told.slice(0, 4)).toEqual(['r1:pending', 'r1:cancelling', 'c1:cancelling', 'r1:cancelling']);
    expect(told.slice(-2)).toEqual(['r1:voided', 'c1:voided']);
    expect(state.deliveries).toEqual([]);
  });

  it('tells who cancelled that the meter had credited first', () => {
    const { told } = play(
      here,
      deliver('void', canceller),
      receipt(RESULT.ALREADY_APPLIED, { proof: 'fulfil', kind: 2 }),
      settled('redeemed'),
    );
    expect(told).toEqual(['c1:cancelling', 'c1:redeemed']);
  });

  it('waits with a voucher that the meter cannot take now', () => {
    const over = play(here, deliver('credit', agent), receipt(RESULT.OVER_LIMIT), { type: 'tick' });
    expect(over.told).toEqual(['r1:accepted', 'r1:pending']);
    expect(over.count('present')).toBe(1);
    const later = play(
      here,
      deliver('credit', agent),
      receipt(RESULT.OVER_LIMIT),
      { wait: NOT_NOW_MS },
      { type: 'tick' },
    );
    expect(later.count('present')).toBe(2);
  });

  it('shows it again at once when the meter was away and is back', () => {
    const gone: RedemptionInput = { type: 'reachable', reachable: false };
    const back = play(here, deliver('credit', agent), receipt(RESULT.OVER_LIMIT), gone, here);
    expect(back.told).toEqual(['r1:accepted', 'r1:pending', 'r1:accepted']);
    expect(back.count('present')).toBe(2);
  });

  it('shows all that is unanswered where a reader has the meter at hand, there only, also what another link was given', () => {
    const met: RedemptionInput = { type: 'met', link: 'nfc' };
    const credited = receipt(RESULT.APPLIED, { proof: 'fulfil' });
    const { effects, told } = play(here, deliver('credit', agent), met, credited, met);
    const ways = effects.flatMap((effect) => (effect.type === 'present' ? [effect.via] : []));
    expect(ways).toEqual([undefined, 'nfc']);
    expect(told).toEqual(['r1:accepted', 'r1:on-meter']);
    expect(play(deliver('credit', agent), met, gone).told).toEqual([
      'r1:pending',
      'r1:accepted',
      'r1:pending',
    ]);
  });

  it('only asks for the cancel of an expired voucher, it refunds nothing', () => {
    const { effects, count } = play(here, deliver('credit', agent), receipt(RESULT.EXPIRED));
    expect(effects).toContainEqual({ type: 'request-cancel', voucherId: A, reason: 'EXPIRED' });
    expect(count('settle')).toBe(0);
  });

  it('takes a conflict to the ledger and raises an alarm', () => {
    const { told, count } = play(here, deliver('credit', agent), receipt(RESULT.CONFLICT));
    expect(told).toEqual(['r1:accepted', 'r1:refused']);
    expect([count('settle'), count('alarm')]).toEqual([1, 1]);
  });

  it.each([RESULT.BAD_FORMAT, RESULT.WRONG_METER, RESULT.BAD_MAC])(
    'presents a voucher again whose bytes did not arrive whole (%s), for the meter has said nothing of it',
    (result) => {
      const { told, count } = play(
        here,
        deliver('credit', agent),
        receipt(result),
        { type: 'tick' },
        { wait: ANSWER_TIMEOUT_MS },
        { type: 'tick' },
        receipt(RESULT.APPLIED, { proof: 'fulfil' }),
      );
      expect(told).toEqual(['r1:accepted', 'r1:pending', 'r1:accepted', 'r1:on-meter']);
      expect([count('present'), count('alarm')]).toEqual([2, 1]);
    },
  );

  it('leaves a meter alone for a while that goes on saying so, alarms once, and thinks it no less there', () => {
    const again = Array.from({ length: MAX_ATTEMPTS }, (_, attempt) => [
      receipt(RESULT.BAD_MAC),
      receipt(RESULT.BAD_MAC),
      { wait: ANSWER_TIMEOUT_MS * 2 ** attempt },
      { type: 'tick' } as const,
    ]).flat();
    const { count, state } = play(here, deliver('credit', agent), ...again, { type: 'tick' });
    expect([count('present'), count('alarm'), state.reachable]).toEqual([MAX_ATTEMPTS, 1, true]);
    const later = [{ wait: NOT_NOW_MS }, { type: 'tick' } as const];
    expect(play(here, deliver('credit', agent), ...again, ...later).count('present')).toBe(MAX_ATTEMPTS + 1);
  });

  it('shows the sealed voucher in the place of bytes under its id that nobody had checked, and refuses those', () => {
    const bytes = frameOf(VOUCHER_KIND.CREDIT).fill(9, 2);
    const forged = { ...deliver('credit', agent), frame: bytes, isUnchecked: true } as RedemptionInput;
    const sealed = play(here, forged, deliver('credit', canceller));
    const shown = sealed.effects.flatMap((effect) => (effect.type === 'present' ? [effect.frame[2]] : []));
    expect(shown).toEqual([9, 0]);
    expect(sealed.told).toEqual(['r1:accepted', 'r1:accepted', 'c1:accepted']);
    const refused = play(here, forged, receipt(RESULT.BAD_MAC));
    expect(refused.told).toEqual(['r1:accepted', 'r1:refused']);
    expect(refused.state.deliveries).toEqual([]);
  });

  it('withdraws an order of an epoch end that the meter refuses', () => {
    const { count } = play(here, deliver('order'), receipt(RESULT.BAD_EPOCH, { kind: 6 }));
    expect(count('withdraw-order')).toBe(1);
  });

  it.each([
    [RESULT.ALREADY_APPLIED, 'fulfil', ['r1:accepted', 'r1:on-meter', 'r1:settled']],
    [RESULT.ALREADY_VOIDED, 'void', ['r1:accepted', 'r1:voided']],
  ] as const)(
    'tells the end of a voucher that the ledger had forgotten and took down as an orphan: %s',
    (result, proof, expected) => {
      const answers = [receipt(result, { proof }), settled('orphan')];
      const { told, state } = play(here, deliver('credit', agent), ...answers);
      expect(told).toEqual(expected);
      expect(state.deliveries).toEqual([]);
    },
  );

  it('never says that a voucher which its meter has voided is on the meter, however often it is asked before the ledger knows', () => {
    const voided = receipt(RESULT.ALREADY_VOIDED, { proof: 'void' });
    const { told, state } = play(here, deliver('credit', agent), voided, deliver('credit', agent));
    expect(told).toEqual(['r1:accepted', 'r1:cancelling']);
    expect(progressOfVoucher(state, A)?.status).toBe('cancelling');
  });

  it('shows a voucher again when its receipt could not be settled', () => {
    const { count } = play(
      here,
      deliver('credit', agent),
      receipt(RESULT.APPLIED, { proof: 'fulfil' }),
      { type: 'unsettled', voucherId: A },
      { wait: ANSWER_TIMEOUT_MS },
      { type: 'tick' },
    );
    expect(count('present')).toBe(2);
  });

  it('refuses more deliveries than a meter can have open', () => {
    const many = Array.from({ length: MAX_DELIVERIES + 1 }, (_, n) =>
      deliver('credit', { ...agent, requestId: `q${n}` }, n.toString(16).padStart(32, '0')),
    );
    const { told, state } = play(...many);
    expect(state.deliveries).toHaveLength(MAX_DELIVERIES);
    expect(told.at(-1)).toBe(`q${MAX_DELIVERIES}:refused`);
  });

  it('never tells a watcher of a credit that it is settled before it is on the meter, whatever happens', () => {
    const inputs = fc.constantFrom<RedemptionInput>(
      here,
      gone,
      { type: 'met', link: 'nfc' },
      deliver('credit', agent),
      deliver('void', canceller),
      receipt(RESULT.APPLIED, { proof: 'fulfil' }),
      receipt(RESULT.OVER_LIMIT),
      receipt(RESULT.EXPIRED),
      { type: 'unsettled', voucherId: A },
      { type: 'tick' },
    );
    fc.assert(
      fc.property(fc.array(inputs, { maxLength: 30 }), (all) => {
        const { state, told } = play(...all);
        expect(told.filter((line) => /settled|redeemed|voided/.test(line))).toEqual([]);
        expect(state.deliveries.length).toBeLessThanOrEqual(2);
      }),
    );
  });
});
