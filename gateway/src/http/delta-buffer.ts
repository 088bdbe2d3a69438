import type { LiveChange, MeterLive, VoucherLive } from './live-feed.ts';

/** Changes that one delta carries at most; past it the page reads its lists again. */
export const MAX_DELTA_METERS = 256;
export const MAX_DELTA_VOUCHERS = 50;

export interface Delta {
  readonly meters: readonly MeterLive[];
  readonly vouchers: readonly VoucherLive[];
  /** More meters changed than fit: what is shown of meters is out of date. */
  readonly stale: boolean;
}

/** Keeps the newest state of whatever changed since the last `take`, in bounded space however slow the reader is. */
export interface DeltaBuffer {
  add(change: LiveChange): void;
  take(): Delta | undefined;
}

export function createDeltaBuffer(): DeltaBuffer {
  let meters = new Map<string, MeterLive>();
  let vouchers = new Map<string, VoucherLive>();
  let stale = false;
  return {
    add(change) {
      if (change.type === 'voucher') {
        vouchers.delete(change.voucher.voucherId);
        vouchers.set(change.voucher.voucherId, change.voucher);
        if (vouchers.size > MAX_DELTA_VOUCHERS) dropOldest(vouchers);
      } else if (meters.has(change.meter.meterId) || meters.size < MAX_DELTA_METERS) {
        meters.set(change.meter.meterId, change.meter);
      } else {
        stale = true;
      }
    },
    take() {
      if (meters.size === 0 && vouchers.size === 0 && !stale) return undefined;
      const delta = { meters: [...meters.values()], vouchers: [...vouchers.values()], stale };
      meters = new Map();
      vouchers = new Map();
      stale = false;
      return delta;
    },
  };
}

function dropOldest(map: Map<string, unknown>): void {
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
