import { walletAccount } from '../money/accounts.ts';
import { transfer } from '../money/transfer.ts';
import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { ledgerOf } from '../registry/genesis.ts';
import { requireOwnAgent } from '../registry/parties.ts';
import { Rejected } from '../rejected.ts';
import type { Draft } from '../state/draft.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import type { WalletRecord } from './wallet-record.ts';

/** An agent's wallet; throws WALLET_UNKNOWN. */
export async function requireWallet(draft: Draft, walletId: string): Promise<WalletRecord> {
  const wallet = await draft.get<WalletRecord>(KEY.wallet(walletId));
  if (wallet === undefined) throw new Rejected('WALLET_UNKNOWN', `There is no wallet ${walletId}.`);
  return wallet;
}

/** Opens an empty wallet of one agent, never shared by many; throws WALLET_EXISTS. */
export async function openWallet(
  work: Work,
  { walletId, agentId }: TransactionRequest<'OpenWallet'>,
): Promise<{ walletId: string }> {
  await requireOwnAgent(work, agentId);
  const key = KEY.wallet(walletId);
  if ((await work.draft.get(key)) !== undefined) {
    throw new Rejected('WALLET_EXISTS', `Wallet ${walletId} is open already.`);
  }
  const wallet: WalletRecord = {
    walletId,
    agentId,
    balance: '0',
    state: 'open',
    txId: work.txId,
    entries: [],
  };
  work.draft.put(key, wallet);
  return { walletId };
}

/** A frozen wallet takes money and spends none. */
export async function freezeWallet(
  work: Work,
  { walletId, frozen }: TransactionRequest<'FreezeWallet'>,
): Promise<TransactionResult<'FreezeWallet'>> {
  const wallet = await requireWallet(work.draft, walletId);
  await requireOwnAgent(work, wallet.agentId);
  if (wallet.state === 'closed') throw new Rejected('WALLET_STATE', `Wallet ${walletId} is closed.`);
  const next: WalletRecord = {
    ...wallet,
    state: frozen ? 'frozen' : 'open',
    txId: work.txId,
    entries: wallet.txId === work.txId ? wallet.entries : [],
  };
  work.draft.put(KEY.wallet(walletId), next);
  return { walletId, frozen };
}

/** Closes a wallet and pays out its balance; again, what came back from the meters after it was closed. Throws LEDGER_HALTED. */
export async function closeWallet(
  work: Work,
  { walletId }: TransactionRequest<'CloseWallet'>,
): Promise<TransactionResult<'CloseWallet'>> {
  const { halted } = await ledgerOf(work.draft);
  if (halted !== undefined) throw new Rejected('LEDGER_HALTED', 'The balance may have been spent elsewhere.');
  const wallet = await requireWallet(work.draft, walletId);
  const withdrawn = BigInt(wallet.balance);
  const closed: WalletRecord = { ...wallet, state: 'closed', txId: work.txId, entries: [] };
  work.draft.put(KEY.wallet(walletId), closed);
  if (withdrawn > 0n) {
    const back = { debit: walletAccount(walletId), credit: 'bank', amount: withdrawn } as const;
    await transfer(work, { kind: 'withdrawal', ...back, ref: walletId });
  }
  return { walletId, withdrawn: `${withdrawn}` };
}
