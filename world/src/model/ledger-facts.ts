import { type OrderRecord, type OrphanRecord, runQuery, type VoucherRecord } from '@tapwatt/chaincode';
import { type Books, queryable } from './books.ts';
import type { Bound } from './bound.ts';
import type { FrameBook } from './frame-book.ts';
import type { StoredMeter } from './record-shapes.ts';
import type { VoucherNames } from './voucher-names.ts';

/** What a ledger state says of one meter. */
export interface MeterAccount {
  readonly record: StoredMeter;
  readonly settled: number;
  /** The most that the meter's register may stand at: settled, open, and released without proof. */
  readonly accountable: number;
  /** Lowest open seq of the own epoch. */
  readonly lowestOpen: number;
  /** Frames that the issuer seals for it. */
  readonly sealed: readonly number[];
}

/** Everything that is asked of a ledger state, worked out once. */
export interface LedgerFacts {
  readonly books: Books;
  readonly accounts: readonly MeterAccount[];
  readonly vouchers: readonly VoucherRecord[];
  readonly orders: readonly OrderRecord[];
  readonly orphans: readonly OrphanRecord[];
  /** Masks of vouchers: proved credited, proved (or said) never credited, known at all, recorded as orphans with money. */
  readonly redeemed: number;
  readonly never: number;
  readonly found: number;
  /** What is wrong with the books by themselves. */
  readonly problem?: string;
}

export async function factsOf(
  books: Books,
  town: {
    readonly bound: Bound;
    readonly names: VoucherNames;
    readonly frames: FrameBook;
    readonly sealed: readonly Uint8Array[];
  },
): Promise<LedgerFacts> {
  const { bound, names, frames } = town;
  const records = <R>(prefix: string): R[] =>
    [...books].filter(([key]) => key.startsWith(prefix)).map(([, value]) => parsed(value) as R);
  const vouchers = records<VoucherRecord>('VCH~');
  const orders = records<OrderRecord>('ORD~');
  const orphans = records<OrphanRecord>('ORP~');
  for (const { voucherId, requestId, keyEpoch, seq } of vouchers)
    names.name(
      voucherId,
      `${requestId}@${keyEpoch}.${seq}`,
      bound.requests.findIndex((request) => request.requestId === requestId),
    );
  for (const { voucherId, requestId, keyEpoch } of orders) names.name(voucherId, `${requestId}@${keyEpoch}`);
  const sealedFrames = town.sealed.map((bytes) => frames.at(frames.voucher(bytes)));
  const mask = (of: readonly { readonly voucherId: string }[]) =>
    of.reduce((bits, { voucherId }) => bits | names.bit(voucherId), 0);
  const problem = (await brokenBooks(books)) ?? soldTwice(vouchers);
  return {
    books,
    accounts: bound.meters.map((meterId) => ({
      ...accountOf(parsed(books.get(`MTR~${meterId}`) ?? '') as StoredMeter),
      sealed: sealedFrames.flatMap((frame) =>
        frame.type === 'voucher' && `${frame.fields.meterId}` === meterId ? [frame.number] : [],
      ),
    })),
    vouchers,
    orders,
    orphans,
    redeemed: mask(vouchers.filter(({ status }) => status === 'REDEEMED')),
    never: mask(
      vouchers.filter(
        ({ status, receipt }) => status === 'VOIDED' || (status === 'RELEASED' && receipt !== undefined),
      ),
    ),
    found:
      mask(vouchers) |
      mask(orphans.filter(({ status, remainder }) => status !== 'NOTHING' && remainder !== true)),
    ...(problem === undefined ? {} : { problem }),
  };
}

const parsedBefore = new Map<string, unknown>();

/** Ledger states share their records. */
function parsed(value: string): unknown {
  const known = parsedBefore.get(value);
  if (known !== undefined) return known;
  const record: unknown = JSON.parse(value);
  parsedBefore.set(value, record);
  return record;
}

function accountOf(record: StoredMeter): Omit<MeterAccount, 'sealed'> {
  const settled = Number(record.settled);
  const open = record.open.reduce((sum, { amount }) => sum + Number(amount), 0);
  const ownOpen = record.open.filter(({ keyEpoch }) => keyEpoch === record.keyEpoch);
  return {
    record,
    settled,
    accountable: settled + open + Number(record.unproven),
    lowestOpen: Math.min(record.nextSeq, ...ownOpen.map(({ seq }) => seq)),
  };
}

/** I1 to I3 as production checks them every hour. */
async function brokenBooks(books: Books): Promise<string | undefined> {
  const { violations } = await runQuery('CheckInvariants', { limit: 1_000 }, queryable(books));
  const [first] = violations;
  return first === undefined ? undefined : `${first.invariant}: ${first.subject}: ${first.message}`;
}

function soldTwice(vouchers: readonly VoucherRecord[]): string | undefined {
  const seen = new Set<string>();
  for (const { requestId } of vouchers) {
    if (seen.has(requestId)) return `I3: request ${requestId} was issued and paid twice`;
    seen.add(requestId);
  }
  return undefined;
}
