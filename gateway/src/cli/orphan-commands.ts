import type { OrphanRecord } from '@tapwatt/chaincode';
import type { RecoverOptions } from './copy-commands.ts';
import { openOrderSession } from './order-session.ts';
import { orderData } from './send-order.ts';
import { connectGateway, type PageOptions, type Session } from './session.ts';
import { type Column, money, table } from './text.ts';

interface OrphanPage {
  readonly orphans: readonly OrphanRecord[];
  readonly next?: string;
}

const COLUMNS: readonly Column<OrphanRecord>[] = [
  { title: 'METER', cell: (orphan) => orphan.meterId },
  { title: 'VOUCHER', cell: (orphan) => orphan.voucherId },
  { title: 'WHAT', cell: (orphan) => (orphan.remainder === true ? 'register' : `seq ${orphan.seq}`) },
  { title: 'EPOCH', cell: (orphan) => String(orphan.keyEpoch), right: true },
  { title: 'AMOUNT', cell: (orphan) => money(orphan.amount), right: true },
  { title: 'STATUS', cell: (orphan) => orphan.status },
];

/** `ledger orphans`. */
export async function listOrphans(
  session: Session,
  { limit = '50', after, ...options }: PageOptions,
): Promise<void> {
  const client = await connectGateway(session.edges, options);
  const query = new URLSearchParams({ limit, ...(after === undefined ? {} : { after }) });
  const page = await client.get<OrphanPage>(`/api/v1/orphans?${query}`);
  session.out.data(page, page.orphans.length === 0 ? 'No orphan.' : table(COLUMNS, page.orphans));
  if (page.next !== undefined) session.out.note(`More: --after ${page.next}`);
}

/** `ledger recover`: one of the two statements that book an orphan. */
export async function recoverOrphan(session: Session, options: RecoverOptions): Promise<void> {
  const { meter: meterId, voucher: voucherId, amount } = options;
  const orders = await openOrderSession(session, options);
  const done = await orders.order('RecoverOrphan', { meterId, voucherId, amount });
  session.out.data(
    orderData(done),
    done.result.state === 'recovered'
      ? `${money(amount)} is booked to meter ${meterId}.`
      : `${money(amount)} is proposed; another party states the same with --as.`,
  );
}
