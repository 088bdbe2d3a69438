import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createExchange, createIssuerLine, createRemoteIssuer, type Ledger } from '@tapwatt/gateway';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { certificateOf, type IssuerProcess, startIssuerProcess } from './issuer-process.ts';
import { MASTER, openSites, type Sites, systemEdges } from './two-sites.ts';
import { until } from './until.ts';

let directory: string;
let sites: Sites;
let issuer: IssuerProcess;
const undo: (() => void)[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  let url = '';
  sites = await openSites({
    ...{ meters: 2, sweepMs: 200 },
    async issuerOf(gatewayId, ledger: Ledger) {
      if (url === '') {
        issuer = await start(ledger);
        url = `https://127.0.0.1:${issuer.port}`;
      }
      const { clock } = systemEdges;
      const exchange = createExchange({ url, tls: certificateOf(gatewayId), ledgerId: 'two-sites', clock });
      undo.push(exchange.close);
      return createRemoteIssuer({ line: createIssuerLine({ exchange, clock }), ledger });
    },
  });
});
afterEach(async () => {
  for (const close of undo.splice(0)) close();
  await sites?.close();
  await issuer.kill();
  await rm(directory, { recursive: true, force: true });
});

const start = (ledger: Pick<Ledger, 'evaluate'>, port?: number) =>
  startIssuerProcess({
    ...{ directory, ledgerId: 'two-sites', master: MASTER, ledger },
    ...(port === undefined ? {} : { port }),
  });

it('two gateways without a key issue at one and redeem at the other; an issuer that is killed is only waited for', async () => {
  const handset = await sites.a.handset();
  const [near, far] = [await sites.a.meter(0), await sites.b.meter(1)];
  const buy = (meterId: string) =>
    handset.ask({ op: 'issue', walletId: 'wallet', meterId, amount: '500', deliver: true });
  await Promise.all([handset.hears(buy('1'), 'settled'), handset.hears(buy('2'), 'settled')]);
  expect([near.credited, far.credited]).toEqual([500n, 500n]);

  const { voucher } = await handset.buy('1', '300');
  await issuer.kill();
  const refused = buy('2');
  await until('a refusal', () =>
    handset.resultsOf(refused).find(({ code }) => code === 'ISSUER_UNAVAILABLE'),
  );
  // What is sealed goes on, at a meter that was heard before.
  await handset.askUntil({ op: 'redeem', voucher }, 'settled');
  expect(near.credited).toBe(800n);

  issuer = await start(sites.ledger.as({ partyId: 'gateway-a', role: 'gateway' }), issuer.port);
  await until('what was refused', () => {
    handset.send(refused.jws);
    return handset.resultsOf(refused).find(({ status }) => status === 'settled');
  });
  expect(far.credited).toBe(1_000n);
}, 60_000);
