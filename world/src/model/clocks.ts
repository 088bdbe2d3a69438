/** When everything is issued, Unix seconds. */
export const ISSUED_AT = 1_795_000_000;
/** The last day of a voucher that has one. */
export const EXPIRES_AT: number = ISSUED_AT + 86_400;

/** A meter's clock before that day, and after it: no time passes, either may be so at any showing. */
export const EARLY = { now: ISSUED_AT + 60, trust: 2 } as const;
export const LATE = { now: EXPIRES_AT + 60, trust: 2 } as const;
