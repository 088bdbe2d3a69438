import type { Ledger } from '@tapwatt/gateway';
import { afterEach, describe, expect, it } from 'vitest';
import { openSites, type Sites, type SitesOptions } from './two-sites.ts';
import { NEVER_MS, until } from './until.ts';

let sites: Sites;
afterEach(() => sites?.close());

const deaf = (_gatewayId: string, ledger: Ledger): Ledger => ({
  submit: (name, request, options) => ledger.submit(name, request, options),
  evaluate: (name, request) => ledger.evaluate(name, request),
  lookup: (txId) => ledger.lookup(txId),
  async *events(_from, signal) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  },
  close: () => ledger.close(),
});

async function open(options: Partial<SitesOptions> & Pick<SitesOptions, 'sweepMs'>) {
  sites = await openSites({ meters: 1, ...options });
  const handset = await sites.a.handset();
  const buy = (meterId = '1') =>
    handset.ask({ op: 'issue', walletId: 'wallet', meterId, amount: '500', deliver: true });
  return { ...sites, handset, buy };
}

describe('a voucher bought at one gateway for a meter that is at home at another', () => {
  it('reaches the meter by the event, and the handset hears the same steps as at home', async () => {
    const { b, handset, buy } = await open({ sweepMs: NEVER_MS });
    const meter = await b.meter(0);
    const bought = buy();
    const settled = await handset.hears(bought, 'settled');
    expect(meter.credited).toBe(500n);
    const heard = handset.resultsOf(bought);
    const steps = [...new Set(heard.map(({ status }) => status))];
    expect(steps).toEqual(['issued', 'pending', 'on-meter', 'settled']);
    expect(heard.find(({ status }) => status === 'on-meter')?.receipt).toHaveLength(256);
    expect(settled.txId).toBeDefined();
  });

  it('reaches it by the sweep where no event comes through', async () => {
    const { b, handset, buy } = await open({ sweepMs: 100, ledgerOf: deaf });
    const meter = await b.meter(0);
    await handset.hears(buy(), 'settled');
    expect(meter.credited).toBe(500n);
  });

  it('waits for a meter that is nowhere, and is credited once where it first appears', async () => {
    const { a, b, handset, buy } = await open({ sweepMs: 100 });
    const bought = buy();
    await handset.hears(bought, 'pending');
    const meter = await b.meter(0);
    await handset.hears(bought, 'settled');
    expect(meter.credited).toBe(500n);
    await until('nothing to wait at either', () =>
      a.gateway.redemptions.waiting().size + b.gateway.redemptions.waiting().size === 0 ? true : undefined,
    );
  });

  it('is voided at the meter when it is cancelled at the first gateway', async () => {
    const { b, handset, buy } = await open({ sweepMs: NEVER_MS });
    const { voucherId } = await handset.hears(buy(), 'pending');
    const cancel = handset.ask({ op: 'cancel', voucherId });
    await handset.hears(cancel, 'cancelling');
    const meter = await b.meter(0);
    const voided = await handset.hears(cancel, 'voided');
    expect(voided.receipt).toHaveLength(256);
    expect(meter.credited).toBe(0n);
  });
});
