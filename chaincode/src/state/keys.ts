/** The state keys of DESIGN.md "The ledger". Names never hold `~` or a space, so no two of them can meet. */
export const KEY = {
  ledger: 'LDG~ledger',
  party: (id: string) => `PTY~${id}`,
  member: (mspId: string, name: string) => `MEM~${mspId}~${name}`,
  wallet: (walletId: string) => `ACC~${walletId}`,
  posting: (accountId: string, txId: string) => `POST~${accountId}~${txId}~0`,
  deposit: (depositId: string) => `DEP~${depositId}`,
  bankReference: (bankId: string, utr: string) => `UTR~${bankId}~${utr}`,
  meter: (meterId: string) => `MTR~${meterId}`,
  voucher: (voucherId: string) => `VCH~${voucherId}`,
  order: (voucherId: string) => `ORD~${voucherId}`,
  request: (kid: string, requestId: string) => `REQ~${kid}~${requestId}`,
  orphan: (meterId: string, voucherId: string) => `ORP~${meterId}~${voucherId}`,
  broken: (voucherId: string, what: string) => `BRK~${voucherId}~${what}`,
} as const;

const KEPT = ['VCH~', 'DEP~', 'PTY~', 'ACC~', 'ORP~', 'ORD~', 'BRK~', 'COL~', 'POL~'];

/** Whether the history of a key is worth keeping: not for postings and requests (written once) nor meters (hot; their vouchers tell). */
export const historyKept = (key: string): boolean => KEPT.some((prefix) => key.startsWith(prefix));
