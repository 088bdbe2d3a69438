import { WHOLE_WINDOW } from './scaled-window.ts';

/** A handset's request for one voucher; amounts are powers of two, so that every sum names its parts. */
export interface BoundRequest {
  readonly requestId: string;
  readonly meterId: string;
  readonly amount: number;
  /** The voucher has a last day, and the meter's clock may stand on either side of it at any showing. */
  readonly expires?: boolean;
}

/** How far the model goes: within a bound it is complete. */
export interface Bound {
  readonly name: string;
  readonly about: string;
  readonly meters: readonly string[];
  /** Of one meter they are asked for the first time in this order; what a restored ledger forgot may be asked again in any. */
  readonly requests: readonly BoundRequest[];
  /** The end of an epoch may be ordered in every epoch below this one. */
  readonly lastEpoch: number;
  /** How many orders of kind 6 may be signed for one meter. */
  readonly orders: number;
  /** One order of kind 4 may be signed for each meter. */
  readonly closes: boolean;
  /** Two people may give a cancelled voucher's money back without proof. */
  readonly releases: boolean;
  /** Once the ledger may go back to any earlier state: by the book (in quarantine), or as a clone that runs on as if nothing had been. */
  readonly restore: 'never' | 'quarantined' | 'cloned';
  /**
   * How far the meter's own figures (receiptNo, register, window) are kept apart. None: where nothing is restored no rule
   * decides by them. Ends: the register in what ends an epoch, which the rules read after a restore by the book. Shown: also
   * the window in every receipt, by which a clone gives itself away. All: everything, and what the ledger remembers as seen.
   */
  readonly figures: 'none' | 'ends' | 'shown' | 'all';
  /** How many seqs meters remember and the ledger spans. */
  readonly window: number;
  /** The first voucher is one seq away from leaving the meter's window of 64 when the next is issued. */
  readonly edge: boolean;
  /** A meter's memory may be lost once. */
  readonly memoryLoss: boolean;
  /**
   * Each meter is explored by itself, for they share nothing (which is checked): the states of the town are all
   * combinations of theirs with the same share in backup and restore.
   */
  readonly isApart?: true;
  /** Registered too, without anything asked for them: the other meters of a town whose meters are explored apart. */
  readonly bystanders?: readonly string[];
  /** Explored only when asked for by name. */
  readonly isLong?: true;
}

const plain = {
  meters: ['1'],
  lastEpoch: 1,
  orders: 0,
  closes: false,
  releases: true,
  restore: 'never',
  figures: 'none',
  window: WHOLE_WINDOW,
  edge: false,
  memoryLoss: false,
} as const satisfies Partial<Bound>;

/** So many requests at one meter. */
const requests = (count: number, { meterId = '1', from = 1 } = {}): BoundRequest[] =>
  Array.from({ length: count }, (_, index) => ({
    requestId: `r${from + index}`,
    meterId,
    amount: 2 ** (from + index - 1),
  }));

/** The last of these requests has a last day. */
const lastExpires = (of: BoundRequest[]): BoundRequest[] =>
  of.map((request, index) => (index === of.length - 1 ? { ...request, expires: true } : request));

export const BOUNDS: readonly Bound[] = [
  {
    ...plain,
    name: 'small',
    about: 'two vouchers, cancel, release, expiry',
    requests: lastExpires(requests(2)),
  },
  {
    ...plain,
    name: 'one-voucher',
    about: 'one voucher, two epochs, cancel, release',
    requests: requests(1),
    lastEpoch: 2,
    orders: 1,
  },
  {
    ...plain,
    name: 'three-epochs',
    about: 'one voucher, three epochs, cancel, release',
    requests: requests(1),
    lastEpoch: 3,
    orders: 2,
  },
  {
    ...plain,
    name: 'one-meter',
    about: 'three vouchers, two epochs, cancel, release',
    requests: requests(3),
    lastEpoch: 2,
    orders: 1,
  },
  {
    ...plain,
    name: 'narrow-three',
    about: 'three vouchers, cancel, release, in a window of two',
    requests: requests(3),
    window: 2,
  },
  {
    ...plain,
    name: 'narrow-two',
    about: 'two vouchers, two epochs, cancel, release, in a window of two',
    requests: requests(2),
    lastEpoch: 2,
    orders: 1,
    window: 2,
  },
  {
    ...plain,
    name: 'narrow',
    about: 'three vouchers, two epochs, cancel, release, in a window of two',
    requests: requests(3),
    lastEpoch: 2,
    orders: 1,
    window: 2,
  },
  {
    ...plain,
    name: 'two-meters',
    about: 'two meters with one voucher each, two epochs, cancel, release',
    meters: ['1', '2'],
    requests: [...requests(1), ...requests(1, { meterId: '2', from: 2 })],
    lastEpoch: 2,
    orders: 1,
  },
  {
    ...plain,
    name: 'two-restored',
    about: 'two meters with one voucher each, cancel, release; the ledger once restored by the book',
    meters: ['1', '2'],
    requests: [...requests(1), ...requests(1, { meterId: '2', from: 2 })],
    restore: 'quarantined',
    figures: 'ends',
  },
  {
    ...plain,
    name: 'figures',
    about: 'two vouchers, two epochs; the ledger keeps the figures of the meter, from receipts in any order',
    requests: lastExpires(requests(2)),
    lastEpoch: 2,
    orders: 1,
    figures: 'all',
  },
  {
    ...plain,
    name: 'closing',
    about: 'two vouchers, an end of the epoch and a closing of the meter, whichever comes first',
    requests: requests(2),
    lastEpoch: 2,
    orders: 1,
    closes: true,
  },
  {
    ...plain,
    name: 'edge',
    about: 'three vouchers at the far edge of the window of 64',
    requests: requests(3),
    edge: true,
  },
  {
    ...plain,
    name: 'restore',
    about:
      'one voucher, three epochs, cancel, release, couriers that lose all; the ledger once restored by the book',
    requests: requests(1),
    lastEpoch: 3,
    orders: 1,
    restore: 'quarantined',
    figures: 'shown',
  },
  {
    ...plain,
    name: 'restore-two',
    about: 'two vouchers, cancel; the ledger once restored by the book, and the epoch ended for it',
    requests: requests(2),
    lastEpoch: 2,
    releases: false,
    isLong: true,
    restore: 'quarantined',
    figures: 'ends',
  },
  {
    ...plain,
    name: 'full',
    about:
      'two meters, three vouchers, two epochs, cancel, release; the ledger once restored by the book; a window of two',
    meters: ['1', '2'],
    requests: [...requests(2), ...requests(1, { meterId: '2', from: 3 })],
    lastEpoch: 2,
    orders: 1,
    restore: 'quarantined',
    figures: 'ends',
    window: 2,
    isApart: true,
    isLong: true,
  },
  {
    ...plain,
    name: 'clone',
    about: 'one voucher, two epochs, cancel, couriers that lose all; the ledger once set back and running on',
    releases: false,
    requests: requests(1),
    lastEpoch: 2,
    orders: 1,
    restore: 'cloned',
    figures: 'shown',
  },
  {
    ...plain,
    name: 'clone-two',
    about: 'two vouchers of one epoch, cancel; the ledger once set back and running on',
    releases: false,
    isLong: true,
    requests: requests(2),
    restore: 'cloned',
    figures: 'shown',
  },
  {
    ...plain,
    name: 'memory-loss',
    about: 'two vouchers, two epochs, the meter loses its memory once',
    requests: requests(2),
    lastEpoch: 2,
    orders: 1,
    memoryLoss: true,
  },
];

/** The bound of this name; throws for none. */
export function boundNamed(name: string): Bound {
  const bound = BOUNDS.find((one) => one.name === name);
  if (bound === undefined)
    throw new Error(`There is no bound ${name}; there are ${BOUNDS.map((one) => one.name).join(', ')}.`);
  return bound;
}
