import type { LinkName } from './types.ts';

/**
 * Where a frame went: `handed-over` to the next hop, which is all that any link promises, or `away`: nobody was there
 * to take it, nothing is kept, present it again later.
 */
export type Handover = 'handed-over' | 'away';

/** One way to meters. A failed delivery may be dropped: it is repeated. */
export interface MeterLink {
  present(meterId: string, voucher: Uint8Array): Promise<Handover>;
  acknowledge(meterId: string, acknowledgement: Uint8Array): Promise<Handover>;
  setTime(meterId: string, timeOrder: Uint8Array): Promise<Handover>;
}

/** All ways to meters as one: a frame goes by every link, as copies are harmless, unless it is meant for one. */
export interface MeterLinks extends MeterLink {
  present(meterId: string, voucher: Uint8Array, via?: LinkName): Promise<Handover>;
}
