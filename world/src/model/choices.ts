import type { Asked, Books } from './books.ts';
import type { Bound } from './bound.ts';
import type { LedgerFacts } from './ledger-facts.ts';
import { issueAsked, orderAsked } from './proposals.ts';
import type { VoucherNames } from './voucher-names.ts';

/** What people or gateways may ask of a ledger state by themselves. */
export interface Choice {
  /** What two people decide is two transactions, and one step: nothing else looks at a proposal (docs/model.md). */
  readonly asked: readonly Asked[];
  readonly label: string;
  readonly byItself: boolean;
  /** The request of the bound that is issued. */
  readonly issues?: number;
  /** After it there is something more to be sealed. */
  readonly seals?: boolean;
}

interface Town {
  readonly bound: Bound;
  readonly names: VoucherNames;
  /** A request that is in the books need not be asked again. */
  readonly answersAgain: boolean;
}

/** One may be answered CONFLICT, when the meter had taken another before. */
const ORDERS_AFTER_RESTORE = 2;

/** All that may be asked of this state. */
export async function choicesIn(facts: LedgerFacts, town: Town): Promise<readonly Choice[]> {
  const { books, vouchers, orphans } = facts;
  return [
    ...(await issues(books, town)),
    ...vouchers.flatMap((voucher) => aboutVoucher(voucher, town)),
    ...orphans.filter(({ status }) => status === 'RECORDED').map(recovery),
    ...(await orders(facts, town.bound)),
    ...resumptions(books),
  ];
}

const issues = (books: Books, { bound, answersAgain }: Town): Promise<readonly Choice[]> =>
  Promise.all(
    bound.requests.flatMap((request, index) => {
      if (books.has(`REQ~phone~${request.requestId}`) && answersAgain) return [];
      const label = `issue ${request.requestId} (${request.amount}) for meter ${request.meterId}`;
      return [
        issueAsked(books, request).then((asked) => ({
          asked: [asked],
          label,
          byItself: false,
          issues: index,
          seals: true,
        })),
      ];
    }),
  );

function aboutVoucher(
  { voucherId, status }: LedgerFacts['vouchers'][number],
  { bound, names }: Town,
): readonly Choice[] {
  const name = names.label(voucherId);
  if (status === 'ISSUED') {
    const request = { voucherId, reason: 'EXPIRED' };
    const cancel: Asked = { name: 'RequestCancel', request, by: 'gateway', txId: `cancel-${voucherId}` };
    return [{ asked: [cancel], label: `cancel ${name}`, byItself: true, seals: true }];
  }
  if (status !== 'CANCELLING' || !bound.releases) return [];
  const asked = ['discom', 'agency'].map((by): Asked => {
    const request = { voucherId, reason: 'model' };
    return { name: 'ReleaseUnproven', request, by, txId: `${by}-releases-${voucherId}` };
  });
  const label = `discom proposes to release ${name} without proof, and agency does`;
  return [{ asked, label, byItself: false }];
}

function recovery({ meterId, voucherId, amount }: LedgerFacts['orphans'][number]): Choice {
  const asked = ['discom', 'bank'].map((by): Asked => {
    const txId = `${by}-recovers-${meterId}-${voucherId.slice(0, 16)}`;
    return { name: 'RecoverOrphan', request: { meterId, voucherId, amount }, by, txId };
  });
  return { asked, label: 'discom and bank recover an orphan', byItself: false };
}

async function orders(
  { accounts, books, orders: signed }: LedgerFacts,
  bound: Bound,
): Promise<readonly Choice[]> {
  const { restores } = JSON.parse(books.get('LDG~ledger') ?? '{}') as { readonly restores?: number };
  // After a restore nobody signs what was signed before it.
  const era = restores === undefined ? '' : `after${restores}`;
  const most = era === '' ? bound.orders : ORDERS_AFTER_RESTORE;
  const may = accounts.flatMap(({ record: { meterId, keyEpoch } }) => {
    const name = (which: number) => `o${meterId}${which}${era}`;
    // They differ by name alone, so each is signed after the one before it.
    const rotations = Array.from({ length: keyEpoch < bound.lastEpoch ? most : 0 }, (_, index) => index + 1)
      .filter((which) => which === 1 || signed.some(({ requestId }) => requestId === name(which - 1)))
      .map((which) => ({ name: 'RotateMeterKey', meterId, requestId: name(which) }) as const);
    const closing = { name: 'CloseMeter', meterId, requestId: `c${meterId}${era}` } as const;
    return bound.closes ? [...rotations, closing] : rotations;
  });
  return Promise.all(
    may.map(async (order) => {
      const what = order.name === 'CloseMeter' ? 'close' : 'end the epoch of';
      const label = `order ${order.requestId}: ${what} meter ${order.meterId}`;
      return {
        asked: [await orderAsked(books, order)],
        label,
        byItself: bound.restore !== 'never',
        seals: true,
      };
    }),
  );
}

/** A ledger that another copy's traces halted issues again when the utility says so. */
function resumptions(books: Books): readonly Choice[] {
  if (books.get('LDG~ledger')?.includes('"halted":') !== true) return [];
  const request = { reason: 'model', quarantine: true };
  const asked: Asked = { name: 'ResumeIssuing', request, by: 'discom', txId: 'resume' };
  return [{ asked: [asked], label: 'discom resumes issuing, in quarantine', byItself: true }];
}
