import type { MeterDetail } from '@tapwatt/chaincode';

/** What brings a meter further out of the quarantine of a restore. */
export type NextStep =
  /** It is not in it. */
  | 'cleared'
  /** Show the ledger its status. */
  | 'read'
  /** Order the end of the epoch that it is in. */
  | 'order'
  /** It owes an answer, or a person must look at it first. */
  | 'wait';

/** Pure: by what the ledger knows of the meter (DESIGN.md, "The ledger", on a restore from backup). */
export function nextStep(meter: MeterDetail): NextStep {
  if (meter.restored === undefined) return 'cleared';
  const isHeldElse = meter.quarantine === 'locked' || meter.quarantine === 'register-fell';
  if (isHeldElse || meter.open.length > 0 || meter.order !== undefined) return 'wait';
  if (meter.restored === 'unread' || meter.closed) return 'read';
  return 'order';
}
