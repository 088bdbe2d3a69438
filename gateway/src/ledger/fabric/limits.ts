/** Every bound of the Fabric adapter. */
export interface FabricLimits {
  /** Deadlines of the stages of a transaction, ms. */
  readonly evaluateMs: number;
  readonly endorseMs: number;
  readonly submitMs: number;
  /** Nothing more comes of what an orderer took along when it was killed: what was submitted behind it waits so long. */
  readonly commitMs: number;
  /** Transactions and queries under way at once; a peer takes 500 calls in all. */
  readonly transactions: number;
  readonly queries: number;
  /** Callers that may wait for their turn, each; one more is refused with BUSY. */
  readonly waiting: number;
  /** How often a transaction that others overtook (MVCC) is endorsed again, and the pauses before. */
  readonly conflicts: number;
  readonly conflictFirstMs: number;
  readonly conflictMaxMs: number;
  /** How long peers may take to become level before a refusal is believed all the same, ms. */
  readonly catchUpMs: number;
  /** How long a peer that was not reached is left alone. */
  readonly peerRestMs: number;
  /** Pauses before the events are asked for again. */
  readonly eventsFirstMs: number;
  readonly eventsMaxMs: number;
  /** One request, as canonical JSON. */
  readonly transactionBytes: number;
}

export const FABRIC_LIMITS: FabricLimits = {
  evaluateMs: 10_000,
  endorseMs: 15_000,
  submitMs: 10_000,
  commitMs: 15_000,
  transactions: 128,
  queries: 128,
  waiting: 4_096,
  conflicts: 12,
  conflictFirstMs: 20,
  conflictMaxMs: 1_000,
  catchUpMs: 3_000,
  peerRestMs: 1_000,
  eventsFirstMs: 200,
  eventsMaxMs: 5_000,
  transactionBytes: 4 * 1024 * 1024,
};
