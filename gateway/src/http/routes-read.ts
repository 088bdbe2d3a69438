import { type ERRORS, TapwattError } from '@tapwatt/firmware-contracts';
import type { FastifyInstance } from 'fastify';
import type { InvariantReport } from '../ledger/check-invariants.ts';
import { listMeters, meterDetail } from './meter-view.ts';
import {
  checked,
  defined,
  meterIdParam,
  meterListParams,
  nameParam,
  pageParams,
  readingsParams,
  voucherIdParam,
  voucherListParams,
} from './query-params.ts';
import type { GatewayServices } from './services.ts';

const INVARIANTS_DEADLINE_MS = 120_000;

/** Everything that is only read: meters, vouchers, wallets, deposits, figures. */
export function readRoutes(app: FastifyInstance, services: GatewayServices): void {
  const read = { config: { access: 'read' } } as const;
  app.get('/api/v1/meters', read, async ({ query }) => listMeters(services, checked(meterListParams, query)));
  app.get('/api/v1/meters/:id', read, async ({ params }) => {
    const { id } = checked(meterIdParam, params);
    const meter = found(await services.evaluate('GetMeter', { meterId: id }), 'METER_UNKNOWN');
    return meterDetail(meter, services.live.meter(id));
  });
  app.get('/api/v1/meters/:id/readings', read, async ({ params, query }) => {
    const { from, to, resolution } = checked(readingsParams, query);
    const meterId = checked(meterIdParam, params).id;
    const series = await services.meterSeries({ meterId, fromMs: from, toMs: to, resolution });
    if (series.points.length === 0 && (await services.isUnknown(meterId)))
      throw new TapwattError('METER_UNKNOWN');
    return series;
  });
  app.get('/api/v1/vouchers', read, async ({ query }) =>
    services.evaluate('ListVouchers', defined(checked(voucherListParams, query))),
  );
  app.get('/api/v1/vouchers/:id', read, async ({ params }) => {
    const { id } = checked(voucherIdParam, params);
    const voucher = found(await services.evaluate('CheckVoucher', { voucherId: id }), 'VOUCHER_UNKNOWN');
    const life = await services.evaluate('GetVoucherLife', { voucherId: id });
    const steps = life?.steps.map(({ txId, blockNumber, status }) => ({ txId, blockNumber, status })) ?? [];
    return { ...voucher, life: steps };
  });
  app.get('/api/v1/wallets', read, async ({ query }) =>
    services.evaluate('ListWallets', defined(checked(pageParams, query))),
  );
  app.get('/api/v1/wallets/:id', read, async ({ params }) =>
    found(
      await services.evaluate('GetWallet', { walletId: checked(nameParam, params).id }),
      'WALLET_UNKNOWN',
    ),
  );
  app.get('/api/v1/wallets/:id/statement', read, async ({ params, query }) =>
    services.evaluate('GetStatement', {
      accountId: checked(nameParam, params).id,
      ...defined(checked(pageParams, query)),
    }),
  );
  app.get('/api/v1/deposits/:id', read, async ({ params }) =>
    found(
      await services.evaluate('GetDeposit', { depositId: checked(nameParam, params).id }),
      'DEPOSIT_UNKNOWN',
    ),
  );
  app.get('/api/v1/orphans', read, async ({ query }) =>
    services.evaluate('ListOrphans', defined(checked(pageParams, query))),
  );
  app.get('/api/v1/parties/:id', read, async ({ params }) =>
    found(await services.evaluate('GetParty', { id: checked(nameParam, params).id }), 'PARTY_UNKNOWN'),
  );
  app.get('/api/v1/status', read, async () => ({
    gateway: services.identity,
    overview: services.live.overview(),
    readiness: services.readiness(),
  }));
  app.get('/api/v1/stats', read, async () => services.stats());
  app.get(
    '/api/v1/invariants',
    read,
    oneAtATime((signal) => services.invariants({ signal })),
  );
}

function found<T>(value: T | null, code: keyof typeof ERRORS): T {
  if (value === null) throw new TapwattError(code);
  return value;
}

/** A check of the whole ledger is heavy: callers that come while one runs share its answer. */
function oneAtATime(
  check: (signal: AbortSignal) => Promise<InvariantReport>,
): () => Promise<InvariantReport> {
  let running: Promise<InvariantReport> | undefined;
  return () => {
    running ??= check(AbortSignal.timeout(INVARIANTS_DEADLINE_MS)).finally(() => {
      running = undefined;
    });
    return running;
  };
}
