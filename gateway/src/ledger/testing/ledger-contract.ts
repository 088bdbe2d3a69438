import { randomBytes } from 'node:crypto';
import type { InvariantCarry, LedgerEvent, Violation } from '@tapwatt/chaincode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRedeemed, type LedgerOfParties, type VoucherLoad } from '../../../bench/voucher-load.ts';
import type { Committed, Ledger } from '../ledger.ts';

/** A founded ledger, ready for its parties. */
export interface LedgerUnderTest extends LedgerOfParties {
  readonly load: VoucherLoad;
  submitOrder(jws: string): Promise<Committed<unknown>>;
  close(): Promise<void>;
}

const METERS = 24;
const AGENTS = 12;
const AT_ONCE = 10;
const PAGE = 1000;

const isAbout = (event: LedgerEvent, depositId: string): boolean =>
  event.name === 'DepositChanged' && event.payload.depositId === depositId;

const newTxId = (): string => randomBytes(16).toString('hex');

/** What every ledger promises to those who use the port, whatever is behind it. */
export function describeLedger(name: string, open: () => Promise<LedgerUnderTest>): void {
  describe(`the ledger contract: ${name}`, () => {
    let ledger: LedgerUnderTest;
    let discom: Ledger;
    let bank: Ledger;
    let gateway: Ledger;
    let load: VoucherLoad;

    beforeAll(async () => {
      ledger = await open();
      load = ledger.load;
      discom = ledger.as({ partyId: 'discom', role: 'discom' });
      bank = ledger.as({ partyId: 'bank', role: 'bank' });
      gateway = ledger.as({ partyId: 'gateway', role: 'gateway' });
      await load.prepare(ledger, METERS, AGENTS);
    });
    afterAll(() => ledger?.close());

    const depositOf = async (stem: string, amount = '100') => {
      const request = { depositId: load.name(stem), walletId: load.name('wallet'), amount };
      return { request, committed: await discom.submit('ProposeDeposit', request) };
    };
    const balanceOf = async (): Promise<bigint> => {
      const wallet = await discom.evaluate('GetWallet', { walletId: load.name('wallet') });
      return BigInt(wallet?.balance ?? 0);
    };

    it('reads what was committed, by whomever, as soon as it is answered', async () => {
      const { request, committed } = await depositOf('seen');
      expect(committed.result).toEqual({ depositId: request.depositId, repeated: false });
      const seen = await gateway.evaluate('GetDeposit', { depositId: request.depositId });
      expect(seen).toMatchObject({ ...request, txId: committed.txId, proposedBy: 'discom' });
    });

    it('finds a committed transaction by the id in its answer', async () => {
      const { committed } = await depositOf('found');
      expect(await discom.lookup(committed.txId)).toEqual(committed);
    });

    it('gives the first outcome of a caller’s id for ever, whatever is submitted under it', async () => {
      const options = { txId: newTxId() };
      const deposit = { walletId: load.name('wallet'), amount: '100' };
      const first = await discom.submit(
        'ProposeDeposit',
        { ...deposit, depositId: load.name('one') },
        options,
      );
      const again = await discom.submit(
        'ProposeDeposit',
        { ...deposit, depositId: load.name('two') },
        options,
      );
      expect(again).toEqual(first);
      expect(await discom.lookup(options.txId)).toEqual(first);
      expect(await discom.evaluate('GetDeposit', { depositId: load.name('two') })).toBeNull();
    });

    it('commits once what is submitted many times at once under one id', async () => {
      const depositId = load.name('racing');
      await depositOf('racing');
      const before = await balanceOf();
      const options = { txId: newTxId() };
      const request = { depositId, utr: depositId };
      const all = await Promise.all(
        Array.from({ length: AT_ONCE }, () => bank.submit('ConfirmDeposit', request, options)),
      );
      for (const answer of all) expect(answer).toEqual(all[0]);
      expect(all[0]?.result.repeated).toBe(false);
      expect(await balanceOf()).toBe(before + 100n);
    });

    it('refuses with the code and the details of the rules, and leaves no trace of a refusal', async () => {
      const options = { txId: newTxId() };
      const request = { walletId: load.name('nowhere'), depositId: load.name('refused'), amount: '1' };
      const refused = discom.submit('ProposeDeposit', request, options);
      await expect(refused).rejects.toMatchObject({ name: 'LedgerRejected', code: 'WALLET_UNKNOWN' });
      expect(await discom.lookup(options.txId)).toBeUndefined();
      const right = { ...request, walletId: load.name('wallet') };
      expect((await discom.submit('ProposeDeposit', right, options)).result.repeated).toBe(false);
      const statement = discom.evaluate('GetStatement', { accountId: 'nobody-at-all', limit: 1 });
      await expect(statement).rejects.toMatchObject({ name: 'LedgerRejected', code: 'WALLET_UNKNOWN' });
    });

    it('knows nothing of an id that was never submitted', async () => {
      expect(await discom.lookup(newTxId())).toBeUndefined();
    });

    it('refuses what is no request: an id of another shape, a value that JSON cannot hold, an unknown field', async () => {
      const refused = { name: 'LedgerRejected', code: 'BAD_REQUEST' };
      const request = { walletId: load.name('wallet'), frozen: false };
      await expect(discom.submit('FreezeWallet', request, { txId: 'short' })).rejects.toMatchObject(refused);
      const big = { ...request, frozen: 1n } as never;
      await expect(discom.submit('FreezeWallet', big)).rejects.toMatchObject(refused);
      const more = { ...request, more: 1 } as never;
      await expect(discom.submit('FreezeWallet', more)).rejects.toMatchObject(refused);
    });

    it('lets each party do what its role may, and nothing else', async () => {
      const mint = gateway.submit('ConfirmDeposit', {
        depositId: load.name('seen'),
        utr: load.name('theft'),
      });
      await expect(mint).rejects.toMatchObject({ name: 'LedgerRejected', code: 'FORBIDDEN' });
      const freeze = bank.submit('FreezeWallet', { walletId: load.name('wallet'), frozen: true });
      await expect(freeze).rejects.toMatchObject({ name: 'LedgerRejected', code: 'FORBIDDEN' });
    });

    it('takes many changes of one wallet at once, and loses none', async () => {
      const before = await balanceOf();
      const ids = Array.from({ length: AT_ONCE }, (_, n) => `hot${n}`);
      await Promise.all(ids.map((id) => depositOf(id)));
      const confirm = (id: string) =>
        bank.submit('ConfirmDeposit', { depositId: load.name(id), utr: load.name(id) });
      const confirmed = await Promise.all(ids.map(confirm));
      const balances = confirmed.map(({ result }) => BigInt(result.balance) - before);
      const expected = ids.map((_, n) => 100n * BigInt(n + 1));
      expect(balances.toSorted((a, b) => Number(a - b))).toEqual(expected);
    });

    it('issues for many agents at once, settles in a batch, and keeps the life of each voucher', async () => {
      const items = load.proposals(METERS);
      const issued = await Promise.all(
        items.map((item) => gateway.submit('IssueVouchers', { items: [item] })),
      );
      expect(issued.flatMap(({ result }) => result.items).filter(({ ok }) => !ok)).toEqual([]);
      const settled = await gateway.submit('SettleReceipts', { items: load.receipts(items) });
      expect(settled.result.items.every(isRedeemed)).toBe(true);
      const life = await gateway.evaluate('GetVoucherLife', { voucherId: items[0]?.voucherId ?? '' });
      expect(life?.steps.map(({ status }) => status)).toEqual(['ISSUED', 'REDEEMED']);
      expect(life?.steps.map(({ txId }) => txId)).toEqual([issued[0]?.txId, settled.txId]);
    });

    it('lets a bad item of a batch fail alone', async () => {
      const items = load.proposals(3);
      const [first, second, third] = items;
      if (first === undefined || second === undefined || third === undefined) throw new Error('no proposals');
      const poisoned = [
        first,
        { ...second, jws: `${second.jws.slice(0, -4)}AAAA` },
        { nonsense: 1 } as never,
        third,
      ];
      const { result } = await gateway.submit('IssueVouchers', { items: poisoned });
      expect(result.items.map((item) => (item.ok ? 'issued' : item.code))).toEqual([
        'issued',
        'BAD_SIGNATURE',
        'BAD_REQUEST',
        'issued',
      ]);
    });

    it('answers a request that was issued before with the same voucher', async () => {
      const [item] = load.proposals(METERS).slice(-1);
      if (item === undefined) throw new Error('no proposal');
      const first = await gateway.submit('IssueVouchers', { items: [item] });
      const again = await gateway.submit('IssueVouchers', { items: [item] });
      expect(first.result.items[0]).toMatchObject({ ok: true, repeated: false, voucherId: item.voucherId });
      expect(again.result.items[0]).toEqual({ ...first.result.items[0], repeated: true });
    });

    it('carries out a signed order once, and answers it the same for ever', async () => {
      const request = { walletId: load.name('wallet1'), frozen: true };
      const order = load.order('discom', 'FreezeWallet', { requestId: load.name('o1'), request });
      const [one, two] = await Promise.all([ledger.submitOrder(order), ledger.submitOrder(order)]);
      expect(one.result).toEqual(request);
      expect(two).toEqual(one);
      expect(await ledger.submitOrder(order)).toEqual(one);
      const body = { requestId: load.name('o1'), request: { ...request, frozen: false } };
      const other = ledger.submitOrder(load.order('discom', 'FreezeWallet', body));
      await expect(other).rejects.toMatchObject({ name: 'LedgerRejected', code: 'REQUEST_REUSED' });
      const forged = ledger.submitOrder(load.order('discom', 'FreezeWallet', body, 'bank'));
      await expect(forged).rejects.toMatchObject({ name: 'LedgerRejected', code: 'BAD_SIGNATURE' });
      const unreadable = ledger.submitOrder('a.b');
      await expect(unreadable).rejects.toMatchObject({ name: 'LedgerRejected', code: 'BAD_REQUEST' });
    });

    it('tells the events of committed transactions in their order, from a block on', async () => {
      const first = await depositOf('told1');
      const second = await depositOf('told2');
      const stop = new AbortController();
      const told: LedgerEvent[] = [];
      const following = (async () => {
        for await (const event of discom.events(first.committed.blockNumber, stop.signal)) {
          told.push(event);
          if (isAbout(event, load.name('told3'))) break;
        }
      })();
      const { txId: third } = (await depositOf('told3')).committed;
      await following;
      stop.abort();
      const ids = told.map(({ txId }) => txId);
      const wanted = [first.committed.txId, second.committed.txId, third];
      expect(ids.filter((id) => wanted.includes(id))).toEqual(wanted);
      expect(told.every(({ blockNumber }) => blockNumber >= first.committed.blockNumber)).toBe(true);
      const event = told.find(({ txId }) => txId === third);
      expect(event).toMatchObject({ name: 'DepositChanged', payload: { depositId: load.name('told3') } });
    });

    it('tells only what follows where the events are asked for from now on', async () => {
      const { txId: before } = (await depositOf('before-now')).committed;
      const stop = new AbortController();
      let heard: LedgerEvent | undefined;
      const following = (async () => {
        for await (const event of discom.events('now', stop.signal)) {
          heard = event;
          return;
        }
      })();
      // A stream over the network may open later than the next commit.
      for (let n = 0; heard === undefined; n += 1) await depositOf(`now${n}`);
      stop.abort();
      await following;
      expect(heard).toMatchObject({ name: 'DepositChanged' });
      expect(heard?.txId).not.toBe(before);
    });

    it('answers lists in pages, in the order of keys', async () => {
      const found: string[] = [];
      for (let after: string | undefined; ; ) {
        const page = await discom.evaluate('ListMeters', {
          limit: 5,
          ...(after === undefined ? {} : { after }),
        });
        found.push(...page.meters.map(({ meterId }) => meterId));
        after = page.next;
        if (after === undefined) break;
      }
      expect(found).toEqual([...new Set(found)].toSorted());
      expect(found.length).toBeGreaterThanOrEqual(METERS);
    });

    it('shows a wallet’s statement, oldest first', async () => {
      const accountId = load.name('wallet');
      const { lines } = await discom.evaluate('GetStatement', { accountId, limit: PAGE });
      expect(lines[0]).toMatchObject({ kind: 'deposit' });
      const sum = lines.reduce((all, { debit, credit }) => all + BigInt(credit) - BigInt(debit), 0n);
      expect(sum).toBe(await balanceOf());
    });

    it('balances in the end', async () => {
      const found: Violation[] = [];
      let carry: InvariantCarry = { sums: {} };
      for (let after: string | undefined; ; ) {
        const request = { limit: PAGE, carry, history: true, ...(after === undefined ? {} : { after }) };
        const page = await discom.evaluate('CheckInvariants', request);
        found.push(...page.violations);
        carry = page.carry;
        after = page.next;
        if (after === undefined) break;
      }
      expect(found).toEqual([]);
    });
  });
}
