import { describe, expect, it } from 'vitest';
import { isRedeemed, VoucherLoad } from '../../../bench/voucher-load.ts';
import { openEmbeddedLedger } from './open.ts';
import { countingRandom, testKey, withDirectory } from './testing/test-ledger.ts';

const METERS = 20;

describe('with the rules of chaincode', () => {
  it('issues and settles signed vouchers, takes signed orders, and replays to the same state', () =>
    withDirectory(async (directory) => {
      const load = new VoucherLoad();
      const clock = { now: () => 1_795_000_000_000 };
      const opening = { directory, signingKey: testKey(), clock, random: countingRandom() };
      const ledger = await openEmbeddedLedger({ ...opening, genesis: load.genesis() });
      await load.prepare(ledger, METERS);
      const gateway = ledger.as({ partyId: 'gateway', role: 'gateway' });

      const items = load.proposals(METERS);
      const issued = await Promise.all(
        items.map((item) => gateway.submit('IssueVouchers', { items: [item] })),
      );
      expect(issued.every(({ result }) => result.items[0]?.ok)).toBe(true);
      const settled = await gateway.submit('SettleReceipts', { items: load.receipts(items) });
      expect(settled.result.items.every(isRedeemed)).toBe(true);

      const request = { walletId: 'wallet', frozen: true };
      const order = load.order('discom', 'FreezeWallet', { requestId: 'o1', request });
      const frozen = await ledger.submitOrder(order);
      expect(frozen.result).toEqual(request);
      expect(await ledger.submitOrder(order)).toEqual(frozen);
      const thaw = { requestId: 'o1', request: { ...request, frozen: false } };
      const reused = ledger.submitOrder(load.order('discom', 'FreezeWallet', thaw));
      await expect(reused).rejects.toMatchObject({ name: 'LedgerRejected', code: 'REQUEST_REUSED' });
      const forged = ledger.submitOrder(load.order('discom', 'FreezeWallet', thaw, 'bank'));
      await expect(forged).rejects.toMatchObject({ name: 'LedgerRejected', code: 'BAD_SIGNATURE' });

      const [first] = items;
      const life = await gateway.evaluate('GetVoucherLife', { voucherId: first?.voucherId ?? '' });
      expect(life?.steps.map(({ status }) => status)).toEqual(['ISSUED', 'REDEEMED']);
      const check = await gateway.evaluate('CheckInvariants', { limit: 1000, history: true });
      expect(check.violations).toEqual([]);
      expect((await ledger.verify()).finding).toBeUndefined();
      await ledger.close();
    }));
});
