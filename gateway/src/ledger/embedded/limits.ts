const KIB = 1024;
const MIB = 1024 * KIB;

/** Every bound of the embedded ledger; beyond one a caller gets BUSY or BAD_REQUEST. */
export interface EmbeddedLimits {
  /** Transactions waiting to be executed, and their bytes. */
  readonly queueTransactions: number;
  readonly queueBytes: number;
  /** One request, as canonical JSON. */
  readonly transactionBytes: number;
  /** One block. */
  readonly groupTransactions: number;
  readonly groupBytes: number;
  /** Executed, refused ones included, and waiting for one block to be durable before they are answered. */
  readonly unansweredTransactions: number;
  /** With the disk idle and more waiting, a group goes to disk at this size already. */
  readonly eagerTransactions: number;
  readonly eagerBytes: number;
  /** How long the ledger may hold the process before everything else has its turn. */
  readonly sliceMs: number;
  /** Queries at the same time. */
  readonly queries: number;
  /** Readers of events, and the newest blocks whose events are kept in memory for them (bytes: of the whole blocks). */
  readonly subscribers: number;
  readonly recentBlocks: number;
  readonly recentBytes: number;
  /** Pauses between attempts to open the storage again after a failure. */
  readonly reopenFirstMs: number;
  readonly reopenMaxMs: number;
  /** Newest blocks whose chain is checked at every open: about what LevelDB's logs can hold of them. */
  readonly openCheckBlocks: number;
  readonly openCheckBytes: number;
}

export const DEFAULT_LIMITS: EmbeddedLimits = {
  queueTransactions: 4096,
  queueBytes: 64 * MIB,
  transactionBytes: 4 * MIB,
  groupTransactions: 256,
  groupBytes: MIB,
  unansweredTransactions: 1024,
  eagerTransactions: 32,
  eagerBytes: 128 * KIB,
  sliceMs: 4,
  queries: 1024,
  subscribers: 64,
  recentBlocks: 256,
  recentBytes: 2 * MIB,
  reopenFirstMs: 50,
  reopenMaxMs: 5_000,
  openCheckBlocks: 4096,
  openCheckBytes: 8 * MIB,
};
