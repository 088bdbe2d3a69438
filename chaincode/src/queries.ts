import { heldByWallet } from './audit/held.ts';
import { checkInvariants } from './audit/invariants.ts';
import { lifeOf } from './audit/life.ts';
import { one, type Page, page } from './audit/pages.ts';
import { statementOf } from './audit/statement.ts';
import type { PageRequest, QueryName, QueryRequest, QueryResult } from './protocol/queries.ts';
import type {
  BreakRecord,
  DepositRecord,
  LedgerRecord,
  OrderRecord,
  OrphanRecord,
  PartyRecord,
  RequestRecord,
  VoucherRecord,
  WalletSummary,
} from './protocol/records.ts';
import { detailOf, type MeterRecord, summaryOf } from './registry/meter-record.ts';
import { Rejected, rejecting } from './rejected.ts';
import { KEY } from './state/keys.ts';
import type { QueryState } from './state/ports.ts';
import type { WalletRecord } from './wallet/wallet-record.ts';

type Query<N extends QueryName> = (state: QueryState, request: QueryRequest<N>) => Promise<QueryResult<N>>;

/** Answers one query from durable state. Throws `Rejected`: BAD_REQUEST, and WALLET_UNKNOWN for a statement of nothing. */
export const runQuery = <N extends QueryName>(
  name: N,
  request: QueryRequest<N>,
  state: QueryState,
): Promise<QueryResult<N>> =>
  rejecting(() => {
    if (!Object.hasOwn(QUERIES, name)) throw new Rejected('BAD_REQUEST', `There is no query ${name}.`);
    if (typeof request !== 'object' || request === null)
      throw new Rejected('BAD_REQUEST', 'Must be an object.');
    const query: Query<N> = QUERIES[name];
    return query(state, request);
  });

const nextOf = <R>({ next }: Page<R>): { next?: string } => (next === undefined ? {} : { next });
const cursor = ({ after, limit }: PageRequest) => ({ after, limit });

const QUERIES: { readonly [N in QueryName]: Query<N> } = {
  GetLedger: async (state) => {
    const ledger = await one<LedgerRecord>(state, KEY.ledger);
    if (ledger === null) return null;
    const { txId: _, ...told } = ledger;
    return told;
  },
  GetParty: (state, { id }) => one<PartyRecord>(state, KEY.party(id)),
  ListParties: async (state, { role, ...request }) => {
    const only = role === undefined ? {} : { only: (party: PartyRecord) => party.role === role };
    const found = await page<PartyRecord>(state, { prefix: 'PTY~', ...cursor(request), ...only });
    return { parties: found.records, ...nextOf(found) };
  },
  GetMeter: async (state, { meterId }) => {
    const meter = await one<MeterRecord>(state, KEY.meter(meterId));
    return meter === null ? null : detailOf(meter, await restoresOf(state));
  },
  ListMeters: async (state, request) => {
    const found = await page<MeterRecord>(state, { prefix: 'MTR~', ...cursor(request) });
    const restores = await restoresOf(state);
    return { meters: found.records.map((meter) => detailOf(meter, restores)), ...nextOf(found) };
  },
  MetersWithOpen: async (state, request) => {
    const only = ({ open, order }: MeterRecord) => open.length > 0 || order !== undefined;
    const found = await page<MeterRecord>(state, { prefix: 'MTR~', ...cursor(request), only });
    return { meters: found.records.map(summaryOf), ...nextOf(found) };
  },
  OpenVouchers: async (state, { meterId }) => {
    const meter = await one<MeterRecord>(state, KEY.meter(meterId));
    const ids = meter?.open.map(({ voucherId }) => voucherId) ?? [];
    const vouchers = await Promise.all(ids.map((id) => one<VoucherRecord>(state, KEY.voucher(id))));
    return vouchers.filter((voucher) => voucher !== null);
  },
  CheckVoucher: (state, { voucherId }) => one<VoucherRecord>(state, KEY.voucher(voucherId)),
  ListVouchers: async (state, { meterId, status, ...request }) => {
    const wanted = (voucher: VoucherRecord) =>
      (meterId === undefined || voucher.meterId === meterId) &&
      (status === undefined || voucher.status === status);
    const only = meterId === undefined && status === undefined ? {} : { only: wanted };
    const found = await page<VoucherRecord>(state, { prefix: 'VCH~', ...cursor(request), ...only });
    return { vouchers: found.records, ...nextOf(found) };
  },
  GetOrder: (state, { voucherId }) => one<OrderRecord>(state, KEY.order(voucherId)),
  GetWallet: async (state, { walletId }) => {
    const wallet = await one<WalletRecord>(state, KEY.wallet(walletId));
    return wallet === null ? null : walletSummary(wallet, await heldByWallet(state));
  },
  ListWallets: async (state, request) => {
    const found = await page<WalletRecord>(state, { prefix: 'ACC~', ...cursor(request) });
    const held = await heldByWallet(state);
    return { wallets: found.records.map((wallet) => walletSummary(wallet, held)), ...nextOf(found) };
  },
  GetRequest: (state, { kid, requestId }) => one<RequestRecord>(state, KEY.request(kid, requestId)),
  GetStanding: async (state, { handsetId, requestId, voucherId }) => {
    const [party, request, voucher] = await Promise.all([
      one<PartyRecord>(state, KEY.party(handsetId)),
      one<RequestRecord>(state, KEY.request(handsetId, requestId)),
      voucherId === undefined ? null : one<VoucherRecord>(state, KEY.voucher(voucherId)),
    ]);
    return { party, request, voucher };
  },
  GetDeposit: (state, { depositId }) => one<DepositRecord>(state, KEY.deposit(depositId)),
  ListDeposits: async (state, request) => {
    const found = await page<DepositRecord>(state, { prefix: 'DEP~', ...cursor(request) });
    return { deposits: found.records, ...nextOf(found) };
  },
  ListOrphans: async (state, request) => {
    const found = await page<OrphanRecord>(state, { prefix: 'ORP~', ...cursor(request) });
    return { orphans: found.records, ...nextOf(found) };
  },
  ListBreaks: async (state, request) => {
    const found = await page<BreakRecord>(state, { prefix: 'BRK~', ...cursor(request) });
    return { breaks: found.records, ...nextOf(found) };
  },
  GetStatement: statementOf,
  GetVoucherLife: (state, { voucherId }) => lifeOf(state, voucherId),
  CheckInvariants: checkInvariants,
};

export const QUERY_NAMES = Object.keys(QUERIES) as readonly QueryName[];

const restoresOf = async (state: QueryState): Promise<number> =>
  (await one<LedgerRecord>(state, KEY.ledger))?.restores ?? 0;

const walletSummary = (
  { walletId, agentId, balance, state }: WalletRecord,
  held: ReadonlyMap<string, bigint>,
): WalletSummary => ({ walletId, agentId, balance, held: `${held.get(walletId) ?? 0n}`, state });
