import { walletAccount } from '../money/accounts.ts';
import { transfer } from '../money/transfer.ts';
import type { DepositRecord } from '../protocol/records.ts';
import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { requireOwnAgent } from '../registry/parties.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { requireWallet } from './wallets.ts';

/** Announces money on its way to the bank; nothing moves. Throws DEPOSIT_STATE if the id stands for another deposit. */
export async function proposeDeposit(
  work: Work,
  request: TransactionRequest<'ProposeDeposit'>,
): Promise<TransactionResult<'ProposeDeposit'>> {
  const { depositId, walletId, amount } = request;
  const wallet = await requireWallet(work.draft, walletId);
  await requireOwnAgent(work, wallet.agentId);
  const key = KEY.deposit(depositId);
  const known = await work.draft.get<DepositRecord>(key);
  if (known !== undefined) {
    if (known.walletId === walletId && known.amount === amount) return { depositId, repeated: true };
    throw new Rejected('DEPOSIT_STATE', `Deposit ${depositId} was proposed with other content.`);
  }
  if (wallet.state === 'closed') throw new Rejected('WALLET_STATE', `Wallet ${walletId} is closed.`);
  const deposit: DepositRecord = {
    ...request,
    status: 'PROPOSED',
    proposedBy: work.submitter.partyId,
    txId: work.txId,
  };
  work.draft.put(key, deposit);
  return { depositId, repeated: false };
}

/** The bank says that the money has arrived: Dr bank Cr wallet, once for a deposit and once for a bank reference. */
export async function confirmDeposit(
  work: Work,
  { depositId, utr }: TransactionRequest<'ConfirmDeposit'>,
): Promise<TransactionResult<'ConfirmDeposit'>> {
  const deposit = await work.draft.get<DepositRecord>(KEY.deposit(depositId));
  if (deposit === undefined) throw new Rejected('DEPOSIT_UNKNOWN', `No deposit ${depositId} was proposed.`);
  const { walletId, amount } = deposit;
  const answer = { depositId, walletId, amount };
  if (deposit.status === 'CONFIRMED') {
    requireSameReference(work, deposit, utr);
    return { ...answer, balance: (await requireWallet(work.draft, walletId)).balance, repeated: true };
  }
  await confirm(work, deposit, utr);
  return { ...answer, balance: (await requireWallet(work.draft, walletId)).balance, repeated: false };
}

function requireSameReference(work: Work, deposit: DepositRecord, utr: string): void {
  if (deposit.utr === utr && deposit.confirmedBy === work.submitter.partyId) return;
  throw new Rejected('DEPOSIT_STATE', `Deposit ${deposit.depositId} was confirmed under another reference.`);
}

async function confirm(work: Work, deposit: DepositRecord, utr: string): Promise<void> {
  const { depositId, walletId, amount } = deposit;
  const bankId = work.submitter.partyId;
  const referenceKey = KEY.bankReference(bankId, utr);
  if ((await work.draft.get(referenceKey)) !== undefined) throw new Rejected('UTR_REUSED');
  if ((await requireWallet(work.draft, walletId)).state === 'closed') {
    throw new Rejected('WALLET_STATE', `Wallet ${walletId} is closed.`);
  }
  work.draft.put(referenceKey, { depositId, txId: work.txId });
  const confirmed: DepositRecord = {
    ...deposit,
    status: 'CONFIRMED',
    utr,
    confirmedBy: bankId,
    settledTxId: work.txId,
  };
  work.draft.put(KEY.deposit(depositId), confirmed);
  await transfer(work, {
    kind: 'deposit',
    debit: 'bank',
    credit: walletAccount(walletId),
    amount: BigInt(amount),
    ref: depositId,
  });
}
