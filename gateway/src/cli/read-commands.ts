import type { MeterDetail, VoucherRecord, WalletSummary } from '@tapwatt/chaincode';
import { meterId } from '@tapwatt/firmware-contracts';
import type { LiveOverview, MeterLive } from '../http/live-feed.ts';
import type { MeterPage, MeterRow } from '../http/meter-view.ts';
import type { GatewayIdentity, MeterProvisioning, ReadinessReport } from '../http/services.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type HandsetAccess, provisioningText } from './order-commands.ts';
import { connectGateway, type GatewayOptions, type PageOptions, type Session } from './session.ts';
import { type Column, money, pairs, table, time } from './text.ts';

export async function showStatus(session: Session, options: GatewayOptions): Promise<ExitCode> {
  const client = await connectGateway(session.edges, options);
  const status = await client.get<{
    gateway: GatewayIdentity;
    overview: LiveOverview;
    readiness: ReadinessReport;
  }>('/api/v1/status');
  const { gateway, overview, readiness } = status;
  const { counters } = overview;
  session.out.data(
    status,
    pairs([
      ['gateway', `${gateway.gatewayId} at site ${gateway.site} (${gateway.profile})`],
      ['state', readiness.state],
      ...readiness.reasons.map(({ message }) => ['', message] as const),
      ['ledger', `${gateway.ledgerId}, block ${overview.ledger.blockNumber}`],
      ['meters', `${counters.metersConnected} connected`],
      [
        'vouchers',
        `${counters.issued} issued, ${counters.onMeter} on meter, ${counters.settled} settled since the start`,
      ],
      ...overview.latencies.map(
        ({ stage, count, p50Ms, p99Ms }) =>
          [stage, count === 0 ? '-' : `p50 ${p50Ms} ms, p99 ${p99Ms} ms (${count})`] as const,
      ),
    ]),
  );
  return readiness.state === 'not-ready' ? EXIT.failed : EXIT.ok;
}

export async function listMeters(
  session: Session,
  options: PageOptions & { search?: string },
): Promise<void> {
  const client = await connectGateway(session.edges, options);
  const page = await client.get<MeterPage>(
    `/api/v1/meters${queryOf({ ...pageOf(options), q: options.search })}`,
  );
  session.out.data(page, page.meters.length === 0 ? 'No meter.' : table(METER_COLUMNS, page.meters));
  moreNote(session, page.next);
}

const METER_COLUMNS: readonly Column<MeterRow>[] = [
  { title: 'METER', cell: (meter) => meter.meterId },
  { title: 'LINK', cell: (meter) => (meter.live?.connected === true ? 'up' : 'away') },
  { title: 'RELAY', cell: (meter) => meter.live?.relay ?? '-' },
  { title: 'BALANCE', cell: (meter) => moneyOrDash(meter.live?.balance), right: true },
  { title: 'SETTLED', cell: (meter) => money(meter.settled), right: true },
  { title: 'OPEN', cell: (meter) => String(meter.openVouchers), right: true },
  { title: 'EPOCH', cell: (meter) => String(meter.keyEpoch), right: true },
  { title: 'NOTES', cell: notesOf },
];

export async function showMeter(
  session: Session,
  id: string,
  options: GatewayOptions & { secrets?: boolean },
): Promise<void> {
  const client = await connectGateway(session.edges, options);
  const path = `/api/v1/meters/${meterId(id)}`;
  if (options.secrets === true) {
    const secrets = await client.get<MeterProvisioning>(`${path}/provisioning`);
    return session.out.data(secrets, provisioningText(secrets));
  }
  const meter = await client.get<MeterDetail & { live?: MeterLive }>(path);
  session.out.data(
    meter,
    pairs([
      ['meter', meter.meterId],
      ['link', meter.live?.connected === true ? 'up' : 'away'],
      ['relay', meter.live?.relay ?? '-'],
      ['balance', moneyOrDash(meter.live?.balance)],
      ['settled', money(meter.settled)],
      ['key epoch', String(meter.keyEpoch)],
      ['next seq', `${meter.nextSeq} (floor ${meter.floorSeq})`],
      ['open', meter.open.map((open) => `${open.voucherId} ${money(open.amount)}`).join(', ') || '-'],
      ['notes', notesOf(meter) || '-'],
    ]),
  );
}

export async function listVouchers(
  session: Session,
  options: PageOptions & { meter?: string; status?: string },
): Promise<void> {
  const client = await connectGateway(session.edges, options);
  const query = queryOf({
    ...pageOf(options),
    meterId: options.meter,
    status: options.status?.toUpperCase(),
  });
  const page = await client.get<{ vouchers: readonly VoucherRecord[]; next?: string }>(
    `/api/v1/vouchers${query}`,
  );
  session.out.data(page, page.vouchers.length === 0 ? 'No voucher.' : table(VOUCHER_COLUMNS, page.vouchers));
  moreNote(session, page.next);
}

const VOUCHER_COLUMNS: readonly Column<VoucherRecord>[] = [
  { title: 'VOUCHER', cell: (voucher) => voucher.voucherId },
  { title: 'METER', cell: (voucher) => voucher.meterId },
  { title: 'AMOUNT', cell: (voucher) => money(voucher.amount), right: true },
  { title: 'STATUS', cell: (voucher) => voucher.status },
  { title: 'ISSUED (UTC)', cell: (voucher) => time(voucher.issuedAt) },
  { title: 'WALLET', cell: (voucher) => voucher.walletId },
];

type VoucherShown = VoucherRecord & {
  readonly life: readonly { status: string; txId: string; blockNumber: number }[];
};

export async function showVoucher(session: Session, id: string, options: GatewayOptions): Promise<void> {
  const client = await connectGateway(session.edges, options);
  const voucher = await client.get<VoucherShown>(`/api/v1/vouchers/${encodeURIComponent(id)}`);
  session.out.data(
    voucher,
    pairs([
      ['voucher', voucher.voucherId],
      ['meter', `${voucher.meterId} (epoch ${voucher.keyEpoch}, seq ${voucher.seq})`],
      ['amount', money(voucher.amount)],
      ['status', voucher.status],
      ['wallet', `${voucher.walletId} of ${voucher.agentId}, asked by ${voucher.kid}`],
      ['issued', `${time(voucher.issuedAt)} UTC`],
      ['expires', voucher.expiresAt === 0 ? 'never' : `${time(voucher.expiresAt)} UTC`],
      ...voucher.life.map(
        (step) => [step.status.toLowerCase(), `block ${step.blockNumber}, ${step.txId}`] as const,
      ),
    ]),
  );
}

export async function showWallet(session: Session, id: string, options: GatewayOptions): Promise<void> {
  const client = await connectGateway(session.edges, options);
  const wallet = await client.get<WalletSummary>(`/api/v1/wallets/${encodeURIComponent(id)}`);
  session.out.data(
    wallet,
    pairs([
      ['wallet', `${wallet.walletId} of agent ${wallet.agentId}`],
      ['state', wallet.state],
      ['balance', money(wallet.balance)],
      ['on hold', money(wallet.held)],
    ]),
  );
}

export async function showHandset(session: Session, id: string, options: GatewayOptions): Promise<void> {
  const client = await connectGateway(session.edges, options);
  const handset = await client.get<HandsetAccess>(`/api/v1/handsets/${encodeURIComponent(id)}`);
  session.out.data(
    handset,
    pairs([
      ['handset', handset.id],
      ['agent', handset.agentId ?? '-'],
      ['MQTT name', handset.identity],
      ['MQTT password', handset.password],
    ]),
  );
}

function pageOf(options: PageOptions): { limit: string | undefined; after: string | undefined } {
  return { limit: options.limit, after: options.after };
}

function queryOf(parameters: Readonly<Record<string, string | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) query.set(name, value);
  }
  return query.size === 0 ? '' : `?${query}`;
}

function moreNote(session: Session, next: string | undefined): void {
  if (next !== undefined) session.out.note(`There are more: --after ${next}`);
}

function moneyOrDash(minor: string | undefined): string {
  return minor === undefined ? '-' : money(minor);
}

function notesOf(meter: {
  closed: boolean;
  suspended: boolean;
  quarantined: boolean;
  live?: MeterLive;
}): string {
  const { closed, suspended, quarantined } = meter;
  const ledger = Object.entries({ closed, suspended, quarantined }).flatMap(([name, on]) =>
    on ? [name] : [],
  );
  return [...new Set([...ledger, ...(meter.live?.flags ?? [])])].join(', ');
}
