import type { InvariantCarry, Violation } from '../protocol/queries.ts';

/** The sums that a check of the invariants carries from page to page: one for each of these names, however large the ledger. */
export type SumName =
  | 'wallets'
  | 'bank'
  | 'hold'
  | 'meter-credit'
  | 'clearing'
  | 'suspense'
  | 'receivable'
  | 'commission-expense'
  | 'commission-payable'
  | 'bank-deposits'
  | 'deposits-confirmed'
  | 'open-amount'
  | 'open-count'
  | 'listed-amount'
  | 'listed-count'
  | 'redeemed'
  | 'redeemed-late'
  | 'redeem-postings'
  | 'late-postings'
  | 'unproven'
  | 'listed-unproven'
  | 'orphans'
  | 'orphans-booked'
  | 'orphan-postings'
  | 'settled';

/** Sums and findings while one page is checked. */
export class Tally {
  readonly violations: Violation[] = [];
  readonly #sums: Map<string, bigint>;

  constructor(carry: InvariantCarry | undefined) {
    this.#sums = new Map(Object.entries(carry?.sums ?? {}).map(([name, sum]) => [name, BigInt(sum)]));
  }

  add(name: SumName, amount: bigint): void {
    this.#sums.set(name, this.of(name) + amount);
  }

  of(name: SumName): bigint {
    return this.#sums.get(name) ?? 0n;
  }

  fail(invariant: Violation['invariant'], subject: string, message: string): void {
    this.violations.push({ invariant, subject, message });
  }

  /** Fails unless two sums that tell the same story are the same. */
  same(invariant: Violation['invariant'], subject: string, [left, right]: readonly [Side, Side]): void {
    if (left.sum === right.sum) return;
    this.fail(invariant, subject, `${left.what} ${left.sum}, ${right.what} ${right.sum}`);
  }

  carry(): InvariantCarry {
    return { sums: Object.fromEntries([...this.#sums].map(([name, sum]) => [name, `${sum}`])) };
  }
}

export interface Side {
  readonly what: string;
  readonly sum: bigint;
}
