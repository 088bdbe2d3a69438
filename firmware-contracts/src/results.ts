/** What a receipt says became of the voucher shown (WIRE.md "Results"); values of 16 and more are refusals. */
export const RESULT = {
  APPLIED: 0,
  ALREADY_APPLIED: 1,
  VOIDED: 2,
  ALREADY_VOIDED: 3,
  BAD_FORMAT: 16,
  WRONG_METER: 17,
  BAD_MAC: 18,
  BAD_EPOCH: 19,
  OUT_OF_WINDOW: 20,
  EXPIRED: 21,
  OVER_LIMIT: 22,
  CLOSED: 23,
  CONFLICT: 24,
  LOCKED: 25,
} as const;

export type ResultName = keyof typeof RESULT;
export type Result = (typeof RESULT)[ResultName];

const NAMES = new Map<number, ResultName>(
  (Object.entries(RESULT) as [ResultName, Result][]).map(([name, value]) => [value, name]),
);

/** The name of a result byte; undefined for a byte that is none. */
export const resultName = (result: number): ResultName | undefined => NAMES.get(result);

/** The kinds of a voucher (WIRE.md "Voucher"). */
export const VOUCHER_KIND = {
  CREDIT: 1,
  VOID: 2,
  CLEAR_TAMPER: 3,
  CLOSE: 4,
  TRANSFER_IN: 5,
  NEW_EPOCH: 6,
} as const;

export type VoucherKindName = keyof typeof VOUCHER_KIND;
export type VoucherKind = (typeof VOUCHER_KIND)[VoucherKindName];

/** Whether a voucher of this kind adds its amount to the meter's credit. */
export const carriesMoney = (kind: number): boolean =>
  kind === VOUCHER_KIND.CREDIT || kind === VOUCHER_KIND.TRANSFER_IN;

/** Whether an order of this kind ends the meter's key epoch, and so stands outside the window at seq 0. */
export const endsEpoch = (kind: number): boolean =>
  kind === VOUCHER_KIND.CLOSE || kind === VOUCHER_KIND.NEW_EPOCH;

/** The bits of a status's state byte (WIRE.md "Status"); bit 7 is reserved. */
export const STATE_BIT = {
  RELAY_CLOSED: 1,
  LOW_CREDIT: 2,
  EMERGENCY: 4,
  TAMPER: 8,
  CLOCK_UNTRUSTED: 16,
  QUARANTINED: 32,
  CLOSED: 64,
} as const;
