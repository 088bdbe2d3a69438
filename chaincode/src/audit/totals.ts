import type { Side, SumName, Tally } from './sums.ts';

/** The whole ledger's sums against each other, once every record has been counted. */
export function checkTotals(tally: Tally): void {
  const of = (name: SumName): bigint => tally.of(name);
  const owed = of('wallets') - of('hold') - of('meter-credit') - of('clearing');
  const owned = of('bank') + of('receivable') + of('suspense');
  const pairs: readonly (readonly ['I1' | 'I3', string, Side, Side])[] = [
    [
      'I1',
      'books',
      side('bank + receivables + suspense', owned),
      side('wallets + hold + meter credit + clearing', owed),
    ],
    [
      'I1',
      'commission',
      side('expense', of('commission-expense')),
      side('payable', -of('commission-payable')),
    ],
    [
      'I1',
      'bank',
      side('deposits confirmed', of('deposits-confirmed')),
      side('deposits booked', of('bank-deposits')),
    ],
    ['I1', 'hold', side('on hold', -of('hold')), side('in open vouchers', of('open-amount'))],
    ['I1', 'open amount', side('open', of('open-amount')), side('listed by meters', of('listed-amount'))],
    ['I1', 'open count', side('open', of('open-count')), side('listed by meters', of('listed-count'))],
    ['I1', 'unproven', side('released', of('unproven')), side('listed by meters', of('listed-unproven'))],
    ['I3', 'redeemed', side('in vouchers', of('redeemed')), side('booked', of('redeem-postings'))],
    ['I3', 'redeemed late', side('in vouchers', of('redeemed-late')), side('booked', of('late-postings'))],
    ['I3', 'orphans', side('recovered', of('orphans-booked')), side('booked', of('orphan-postings'))],
    [
      'I3',
      'settled',
      side('at meters', of('settled')),
      side('in vouchers and orphans', of('redeemed') + of('redeemed-late') + of('orphans')),
    ],
  ];
  for (const [invariant, subject, left, right] of pairs) tally.same(invariant, subject, [left, right]);
}

const side = (what: string, sum: bigint): Side => ({ what, sum });
