import { describe, expect, it } from 'vitest';
import { counters, openTestLedger, orderOf, txIdNumber, withDirectory } from './testing/test-ledger.ts';

const onDisk = (directory: string) => openTestLedger({ directory });

describe('the embedded ledger', () => {
  it('keeps what was committed when it is opened again', () =>
    withDirectory(async (directory) => {
      const first = await onDisk(directory);
      const committed = await counters(first).add('a', 5);
      await first.close();
      const again = await onDisk(directory);
      expect(await counters(again).read('a')).toBe(5);
      expect(await again.as({ partyId: 'x', role: 'auditor' }).lookup(committed.txId)).toEqual(committed);
      expect(again.headBlock().number).toBe(committed.blockNumber);
      await again.close();
    }));

  it('runs the transactions of many submitters one after another', () =>
    withDirectory(async (directory) => {
      const ledger = await onDisk(directory);
      const parties = ['p', 'q', 'r', 's'].map((party) => counters(ledger, party));
      const adds = Array.from({ length: 400 }, (_, i) => parties[i % 4]?.add('shared', 1));
      const balances = (await Promise.all(adds)).map((add) => add?.result.balance);
      expect(balances).toEqual(Array.from({ length: 400 }, (_, i) => i + 1));
      const { groups, transactions } = await ledger.stats();
      expect(transactions).toBe(401);
      expect(groups.count).toBeLessThan(100);
      expect((await ledger.verify()).ok).toBe(true);
      await ledger.close();
    }));

  it('gives the first outcome of a transaction id for ever, whatever is submitted under it', () =>
    withDirectory(async (directory) => {
      const ledger = await onDisk(directory);
      const txId = txIdNumber(77);
      const once = await Promise.all([1, 2, 3].map((amount) => counters(ledger).add('a', amount, { txId })));
      expect(once.map(({ result }) => result.balance)).toEqual([1, 1, 1]);
      await ledger.close();
      const again = await onDisk(directory);
      expect(await counters(again).add('a', 9, { txId })).toEqual(once[0]);
      expect(await counters(again).read('a')).toBe(1);
      await again.close();
    }));

  it('refuses with the code of the rules, and leaves no trace of a refusal', async () => {
    const ledger = await openTestLedger();
    const txId = txIdNumber(5);
    await expect(counters(ledger).add('a', -1, { txId })).rejects.toMatchObject({
      name: 'LedgerRejected',
      code: 'INSUFFICIENT_FUNDS',
    });
    await expect(counters(ledger).submit('Break', {})).rejects.toMatchObject({
      name: 'LedgerUnavailable',
      code: 'INTERNAL',
    });
    expect(ledger.headBlock().number).toBe(0);
    expect(await ledger.as({ partyId: 'x', role: 'auditor' }).lookup(txId)).toBeUndefined();
    expect((await counters(ledger).add('a', 1, { txId })).result.balance).toBe(1);
    await ledger.close();
  });

  it('refuses what JSON cannot hold, a transaction id of another shape and a request that is too long', async () => {
    const ledger = await openTestLedger({ limits: { transactionBytes: 100 } });
    const refused = { name: 'LedgerRejected', code: 'BAD_REQUEST' };
    await expect(counters(ledger).submit('Add', { amount: 1n })).rejects.toMatchObject(refused);
    await expect(counters(ledger).add('a', 1, { txId: 'short' })).rejects.toMatchObject(refused);
    await expect(counters(ledger).add('a'.repeat(100), 1)).rejects.toMatchObject(refused);
    await expect(ledger.submitOrder('a.b')).rejects.toMatchObject(refused);
    await ledger.close();
  });

  it('takes the request as it was when it was submitted', async () => {
    const ledger = await openTestLedger();
    const request = { account: 'a', amount: 1 };
    const submitted = counters(ledger).submit('Add', request);
    request.amount = 100;
    await submitted;
    expect(await counters(ledger).read('a')).toBe(1);
    await ledger.close();
  });

  it('keeps the history of the keys that the rules name, oldest first', () =>
    withDirectory(async (directory) => {
      const ledger = await onDisk(directory);
      const party = counters(ledger);
      const apart = await party.add('a', 1);
      const together = await Promise.all([party.add('a', 1), party.add('ab', 7), party.add('a', 1)]);
      expect(await party.evaluate('History', { account: 'a' })).toEqual(
        [apart, together[0], together[2]].map(({ txId, blockNumber, result }) => ({
          txId,
          blockNumber,
          value: String(result.balance),
        })),
      );
      await ledger.close();
    }));

  it('answers many queries about one moment while it goes on', () =>
    withDirectory(async (directory) => {
      const ledger = await onDisk(directory);
      await counters(ledger).add('a', 1);
      const then = await ledger.atOneMoment(async ({ evaluate }) => {
        await counters(ledger).add('a', 1);
        const read = evaluate as unknown as (name: string, request: object) => Promise<unknown>;
        return read('Read', { account: 'a' });
      });
      expect(then).toBe(1);
      expect(await counters(ledger).read('a')).toBe(2);
      await ledger.close();
    }));

  it('keeps the party that submitted in the block', async () => {
    const ledger = await openTestLedger();
    const { result } = await counters(ledger, 'gateway-7').submit('Who', {});
    expect(result).toEqual({ partyId: 'gateway-7', role: 'discom' });
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();
  });
});

describe('a signed order', () => {
  it('is committed once and answered the same for ever', async () => {
    const ledger = await openTestLedger();
    const jws = orderOf('r1', { account: 'a', amount: 3 });
    const [first, second] = await Promise.all([ledger.submitOrder(jws), ledger.submitOrder(jws)]);
    expect(first).toEqual(second);
    expect(await ledger.submitOrder(jws)).toEqual(first);
    expect(await counters(ledger).read('a')).toBe(3);
    expect((await ledger.verify()).ok).toBe(true);
    await ledger.close();
  });

  it('is refused when its requestId was used with other content', async () => {
    const ledger = await openTestLedger();
    await ledger.submitOrder(orderOf('r1', { account: 'a', amount: 3 }));
    const other = ledger.submitOrder(orderOf('r1', { account: 'a', amount: 4 }));
    await expect(other).rejects.toMatchObject({ name: 'LedgerRejected', code: 'REQUEST_REUSED' });
    await ledger.submitOrder(orderOf('r1', { account: 'a', amount: 4 }, { kid: 'bank-1' }));
    expect(await counters(ledger).read('a')).toBe(7);
    await ledger.close();
  });

  it('is refused when its party is not known to the rules', async () => {
    const ledger = await openTestLedger();
    const jws = orderOf('r1', { account: 'a', amount: 3 }, { kid: 'stranger' });
    await expect(ledger.submitOrder(jws)).rejects.toMatchObject({ code: 'PARTY_UNKNOWN' });
    await ledger.close();
  });
});
