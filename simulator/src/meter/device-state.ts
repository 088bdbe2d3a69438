import type { MeterClock, MeterState } from '@tapwatt/firmware-contracts';
import type { ChargeRegister } from '../nvm/charge-record.ts';
import type { StoredRecord } from '../nvm/meter-record.ts';
import type { KeptReading } from './readings.ts';
import type { MeterSettings } from './settings.ts';

/** What was last said in a status on this connection: another one is due when it changes. */
export interface ReportedStatus {
  readonly keyEpoch: number;
  readonly stateBits: number;
}

/** Everything a running meter holds in RAM; what must outlive a loss of power is also in its memory. */
export interface DeviceState {
  readonly meter: MeterState;
  readonly register: ChargeRegister;
  readonly tamper: boolean;
  /** JSON of all that was desired so far, empty before the first time. */
  readonly desired: string;
  readonly settings: MeterSettings;
  /** What counts where no desired state ever said anything. */
  readonly factory: MeterSettings;
  readonly relayClosed: boolean;
  /** Seconds to add to the device's own clock, and how far the sum is trusted. */
  readonly clock: { readonly offsetS: number; readonly trust: MeterClock['trust'] };
  readonly isOnline: boolean;
  /** Since the power came it has not been online yet, so nobody knows. */
  readonly isFresh: boolean;
  readonly reported?: ReportedStatus;
  /** What was measured while there was no connection, oldest first. */
  readonly kept: readonly KeptReading[];
  /** The voucher that each command link has put and not yet committed, by the link's name. */
  readonly staged: ReadonlyMap<string, Uint8Array>;
}

/** Balance in minor units; 0 for a LOCKED meter. */
export const balanceOf = ({ meter }: DeviceState): bigint =>
  meter.record === undefined ? 0n : meter.record.cumulativeCredited - meter.charged;

/** The meter's time in Unix seconds. */
export const meterClock = ({ clock }: DeviceState, nowS: number): MeterClock => ({
  now: Math.min(0xffff_ffff, Math.max(0, nowS + clock.offsetS)),
  trust: clock.trust,
});

/** What goes into the record's slot; `undefined` for a LOCKED meter, which has nothing to keep. */
export const storedRecordOf = ({ meter, tamper, desired }: DeviceState): StoredRecord | undefined =>
  meter.record === undefined ? undefined : { record: meter.record, tamper, desired };
