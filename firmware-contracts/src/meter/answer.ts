import type { OpeningKind } from '../keys.ts';
import { RESULT, type Result } from '../results.ts';

/** What a meter says about a voucher: the result, and the opening that it reveals with it. */
export interface Answer {
  readonly result: Result;
  readonly opening?: OpeningKind;
}

/** Every answer that a meter ever gives, by what it means. */
export const ANSWER = {
  applied: { result: RESULT.APPLIED, opening: 'fulfil' },
  appliedBefore: { result: RESULT.ALREADY_APPLIED, opening: 'fulfil' },
  epochEnded: { result: RESULT.APPLIED, opening: 'close' },
  epochEndedBefore: { result: RESULT.ALREADY_APPLIED, opening: 'close' },
  voided: { result: RESULT.VOIDED, opening: 'void' },
  voidedBefore: { result: RESULT.ALREADY_VOIDED, opening: 'void' },
  badFormat: { result: RESULT.BAD_FORMAT },
  locked: { result: RESULT.LOCKED },
  wrongMeter: { result: RESULT.WRONG_METER },
  badMac: { result: RESULT.BAD_MAC },
  badEpoch: { result: RESULT.BAD_EPOCH },
  outOfWindow: { result: RESULT.OUT_OF_WINDOW },
  expired: { result: RESULT.EXPIRED },
  overLimit: { result: RESULT.OVER_LIMIT },
  closed: { result: RESULT.CLOSED },
  conflict: { result: RESULT.CONFLICT },
  /** The seq was taken by another, so this order's voucher can never be applied. */
  conflictOfVoidOrder: { result: RESULT.CONFLICT, opening: 'void' },
} as const satisfies Record<string, Answer>;
