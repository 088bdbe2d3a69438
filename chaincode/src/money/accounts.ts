/**
 * The accounts. A wallet is guarded: one key, never below zero. All others accumulate: every transaction appends a
 * posting of its own, so that no key is written by everybody.
 */
export type AccountId =
  | `wallet.${string}`
  | `receivable.${string}`
  | 'bank'
  | 'hold'
  | 'meter-credit'
  | 'clearing'
  | 'suspense'
  | 'commission-expense'
  | 'commission-payable';

const WALLET = 'wallet.';

export const walletAccount = (walletId: string): AccountId => `${WALLET}${walletId}`;

/** What an agency owes because a voucher of its agent was credited after its money had been given back. */
export const receivableFrom = (agencyId: string): AccountId => `receivable.${agencyId}`;

/** The wallet behind an account, if it is one. */
export const walletOf = (account: AccountId): string | undefined =>
  account.startsWith(WALLET) ? account.slice(WALLET.length) : undefined;
