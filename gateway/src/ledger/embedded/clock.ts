/** Milliseconds: of the day (`now`, Unix) and for measuring (`monotonic`). */
export interface LedgerClock {
  now(): number;
  monotonic(): number;
}
