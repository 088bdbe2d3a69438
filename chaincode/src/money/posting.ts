import type { AccountId } from './accounts.ts';
import type { TransferKind } from './transfer.ts';

/** What one transaction did to one accumulating account (`POST~account~txid~n`), summed by kind of transfer. */
export interface PostingRecord {
  readonly account: AccountId;
  readonly txId: string;
  readonly entries: readonly PostingEntry[];
}

export interface PostingEntry {
  readonly kind: TransferKind;
  readonly debit: string;
  readonly credit: string;
  readonly count: number;
}

/** The posting with one more amount in it. */
export function addEntry(
  posting: PostingRecord,
  { kind, side, amount }: { kind: TransferKind; side: 'debit' | 'credit'; amount: bigint },
): PostingRecord {
  const found = posting.entries.find((entry) => entry.kind === kind);
  const before = found ?? { kind, debit: '0', credit: '0', count: 0 };
  const after = { ...before, [side]: `${BigInt(before[side]) + amount}`, count: before.count + 1 };
  const others = posting.entries.filter((entry) => entry !== found);
  return { ...posting, entries: [...others, after] };
}
