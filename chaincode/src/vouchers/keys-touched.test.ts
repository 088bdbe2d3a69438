import { expect, test } from 'vitest';
import { runTransaction } from '../index.ts';
import type { LedgerState } from '../state/ports.ts';
import { Town } from '../testing/town.ts';

/** Of a town's own wallet. */
const AMOUNT = '100';

/** Every key that one transaction asks a peer for and hands to it, as often as it does: each is a round trip on Fabric. */
async function touchedBy(town: Town, items: readonly { readonly receipt: string }[]) {
  const [read, written]: [string[], string[]] = [[], []];
  const state: LedgerState = {
    get(key) {
      read.push(key);
      return town.state.get(key);
    },
    put: (key) => void written.push(key),
  };
  const submitter = { partyId: 'gateway', role: 'gateway' } as const;
  const { result } = await runTransaction('SettleReceipts', { items }, { submitter, txId: 'tx', state });
  expect(result.items.map(({ outcome }) => outcome)).toEqual(items.map(() => 'redeemed'));
  return { read, written };
}

/** So many vouchers of each of so many meters, redeemed and not settled. */
async function redeemed(meters: number, vouchersEach: number) {
  const town = await Town.open();
  const items: { receipt: string }[] = [];
  for (let meter = 10; meter < 10 + meters; meter += 1) {
    await town.addMeter(`${meter}`);
    for (let n = 0; n < vouchersEach; n += 1) {
      const voucherId = await town.buy(`r${meter}-${n}`, { meterId: `${meter}`, amount: AMOUNT });
      items.push({ receipt: await town.credit(voucherId) });
    }
  }
  return { town, items };
}

/** Whatever the size of a batch: the submitter, the ledger's own record, and a posting of each of two accounts. */
const READ_ONCE = ['LDG~ledger', 'POST~hold~tx~0', 'POST~meter-credit~tx~0', 'PTY~gateway'];
const WRITTEN_ONCE = READ_ONCE.filter((key) => key.startsWith('POST~'));

for (const [meters, vouchersEach] of [
  [8, 1],
  [2, 4],
  [1, 4],
] as const) {
  const vouchers = meters * vouchersEach;
  test(`settling ${vouchers} vouchers of ${meters} meters reads and writes each voucher and each meter once, and two postings`, async () => {
    const { town, items } = await redeemed(meters, vouchersEach);
    const { read, written } = await touchedBy(town, items);
    const ofItems = (keys: readonly string[]) => keys.filter((key) => /^(VCH|MTR)~/.test(key));
    expect(new Set(ofItems(read)).size).toBe(vouchers + meters);
    expect(read).toHaveLength(vouchers + meters + READ_ONCE.length);
    expect(read.filter((key) => !ofItems(read).includes(key)).sort()).toEqual(READ_ONCE);
    expect(written).toHaveLength(vouchers + meters + WRITTEN_ONCE.length);
    expect(new Set(ofItems(written))).toEqual(new Set(ofItems(read)));
  });
}
