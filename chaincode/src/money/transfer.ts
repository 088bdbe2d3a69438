import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { WalletRecord } from '../wallet/wallet-record.ts';
import type { Work } from '../work.ts';
import { type AccountId, walletOf } from './accounts.ts';
import { addEntry, type PostingRecord } from './posting.ts';

export type TransferKind =
  | 'deposit'
  | 'withdrawal'
  | 'issue'
  | 'redeem'
  | 'void'
  | 'release'
  | 'late'
  | 'orphan';

/** Money from one account to another: what is debited is what is credited, so it cannot be out of balance. */
export interface Transfer {
  readonly kind: TransferKind;
  readonly debit: AccountId;
  readonly credit: AccountId;
  /** Minor units, above zero. */
  readonly amount: bigint;
  /** The voucher, deposit … that it is about. */
  readonly ref: string;
}

interface Side extends Transfer {
  readonly account: AccountId;
  readonly side: 'debit' | 'credit';
}

/** The one place where money moves; throws INSUFFICIENT_FUNDS when a wallet would fall below zero. */
export async function transfer(work: Work, move: Transfer): Promise<void> {
  if (move.amount <= 0n || move.debit === move.credit) {
    throw new Error(`${move.kind} of ${move.amount} from ${move.debit} to ${move.credit} is no transfer`);
  }
  await post(work, { ...move, account: move.debit, side: 'debit' });
  await post(work, { ...move, account: move.credit, side: 'credit' });
}

async function post(work: Work, side: Side): Promise<void> {
  const walletId = walletOf(side.account);
  if (walletId === undefined) await accumulate(work, side);
  else await moveWallet(work, walletId, side);
}

/** A wallet is what we owe: a credit raises it. */
async function moveWallet(work: Work, walletId: string, { kind, side, amount, ref }: Side): Promise<void> {
  const key = KEY.wallet(walletId);
  const wallet = await work.draft.get<WalletRecord>(key);
  if (wallet === undefined) throw new Rejected('WALLET_UNKNOWN', `There is no wallet ${walletId}.`);
  const balance = BigInt(wallet.balance) + (side === 'credit' ? amount : -amount);
  if (balance < 0n) throw new Rejected('INSUFFICIENT_FUNDS');
  const earlier = wallet.txId === work.txId ? wallet.entries : [];
  const entries = [...earlier, { kind, ref, [side]: `${amount}` }];
  const next: WalletRecord = { ...wallet, balance: `${balance}`, txId: work.txId, entries };
  work.draft.put(key, next);
}

async function accumulate(work: Work, side: Side): Promise<void> {
  const { account } = side;
  const key = KEY.posting(account, work.txId);
  const posting = await work.draft.get<PostingRecord>(key);
  work.draft.put(key, addEntry(posting ?? { account, txId: work.txId, entries: [] }, side));
}
