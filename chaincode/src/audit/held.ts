import type { MeterRecord } from '../registry/meter-record.ts';
import type { QueryState } from '../state/ports.ts';
import { all } from './pages.ts';

/**
 * What each wallet has in open vouchers, from the meters' own lists: a settlement does not touch the wallet, so that it
 * costs no key and no conflict more. Reads every meter once.
 */
export async function heldByWallet(state: QueryState): Promise<ReadonlyMap<string, bigint>> {
  const held = new Map<string, bigint>();
  for await (const { open } of all<MeterRecord>(state, 'MTR~')) {
    for (const { walletId, amount } of open) held.set(walletId, (held.get(walletId) ?? 0n) + BigInt(amount));
  }
  return held;
}
