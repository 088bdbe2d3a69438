import type { MeterDetail, MeterSummary } from '@tapwatt/chaincode';
import type { MeterLive } from './live-feed.ts';
import { defined } from './query-params.ts';
import type { GatewayServices } from './services.ts';

/** A meter as a list shows it: what the ledger knows, and what was last heard of it. */
export interface MeterRow {
  readonly meterId: string;
  readonly keyEpoch: number;
  readonly openVouchers: number;
  /** Minor units. */
  readonly openAmount: string;
  readonly settled: string;
  readonly closed: boolean;
  readonly suspended: boolean;
  readonly quarantined: boolean;
  readonly live?: MeterLive;
}

export interface MeterPage {
  readonly meters: readonly MeterRow[];
  readonly next?: string;
}

/** Meters that a search looks at; behind them it goes on with the next page. */
const MAX_SEARCHED = 20_000;
const SEARCH_PAGE = 1_000;

function meterRow(meter: MeterSummary, live: MeterLive | undefined): MeterRow {
  const openAmount = meter.open.reduce((sum, voucher) => sum + BigInt(voucher.amount), 0n);
  return {
    meterId: meter.meterId,
    keyEpoch: meter.keyEpoch,
    openVouchers: meter.open.length,
    openAmount: String(openAmount),
    settled: meter.settled,
    closed: meter.closed,
    suspended: meter.suspended,
    quarantined: meter.quarantined,
    ...(live === undefined ? {} : { live }),
  };
}

interface MeterSearch {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly q?: string | undefined;
}

/** A page of meters in the ledger's order; with `q`, of those whose number contains it. */
export async function listMeters(services: GatewayServices, search: MeterSearch): Promise<MeterPage> {
  const rows = (meters: readonly MeterSummary[]) =>
    meters.map((meter) => meterRow(meter, services.live.meter(meter.meterId)));
  if (search.q === undefined) {
    const page = await services.evaluate('ListMeters', defined({ after: search.after, limit: search.limit }));
    return { ...page, meters: rows(page.meters) };
  }
  const { meters, ...more } = await findMeters(services, { ...search, q: search.q });
  return { meters: rows(meters), ...more };
}

async function findMeters(
  services: GatewayServices,
  search: MeterSearch & { readonly q: string },
): Promise<{ meters: MeterSummary[]; next?: string }> {
  const found: MeterSummary[] = [];
  let after = search.after;
  for (let looked = 0; looked < MAX_SEARCHED; looked += SEARCH_PAGE) {
    const page = await services.evaluate('ListMeters', defined({ after, limit: SEARCH_PAGE }));
    for (const meter of page.meters) {
      if (!meter.meterId.includes(search.q)) continue;
      if (found.length === search.limit) return { meters: found, ...cursorBehind(found) };
      found.push(meter);
    }
    if (page.next === undefined) return { meters: found };
    after = page.next;
  }
  return after === undefined ? { meters: found } : { meters: found, next: after };
}

function cursorBehind(found: readonly MeterSummary[]): { next?: string } {
  const last = found.at(-1);
  return last === undefined ? {} : { next: last.meterId };
}

/** Everything about one meter. */
export function meterDetail(
  meter: MeterDetail,
  live: MeterLive | undefined,
): MeterDetail & { live?: MeterLive } {
  return live === undefined ? meter : { ...meter, live };
}
