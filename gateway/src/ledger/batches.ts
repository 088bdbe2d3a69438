import type { BatchLimits } from './batching.ts';

/** How items become transactions, by kind. */
export interface Batches {
  readonly issue: BatchLimits;
  readonly settle: BatchLimits;
}

/** While the ledger is away: as many receipts wait as there may be deliveries; one that is dropped is shown again by its meter. */
const MAX_RECEIPTS_QUEUED = 50_000;
const MAX_ISSUES_QUEUED = 4_096;

/**
 * Small transactions, since each holds up the event loop and the others. Company is worth the wait of a settlement: a block
 * costs as much as ten receipts, and nobody waits for `settled` as for `on-meter`.
 */
export const EMBEDDED_BATCHES: Batches = {
  issue: { maxItems: 32, maxQueued: MAX_ISSUES_QUEUED, maxInFlight: 1, lingerMs: 2 },
  settle: { maxItems: 64, maxQueued: MAX_RECEIPTS_QUEUED, maxInFlight: 2, lingerMs: 25 },
};

/**
 * Few and full ones: a transaction costs its endorsers, orderers and peers as much before its first receipt as some eighteen
 * receipts do, and those that come while some are under way make the next one. Above a hundred nothing is won and each waits
 * longer; nobody waits for `settled` as for `on-meter`. Issues go one after another: two transactions at once would meet at a wallet.
 */
export const FABRIC_BATCHES: Batches = {
  issue: { maxItems: 200, maxQueued: MAX_ISSUES_QUEUED, maxInFlight: 1, lingerMs: 5 },
  settle: { maxItems: 100, maxQueued: MAX_RECEIPTS_QUEUED, maxInFlight: 4, lingerMs: 150 },
};
