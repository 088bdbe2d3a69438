import type { Alarm } from '../protocol/events.ts';
import type { MeterSummary, QuarantineReason } from '../protocol/records.ts';
import type { TransactionRequest } from '../protocol/transactions.ts';
import { Rejected } from '../rejected.ts';
import type { Draft } from '../state/draft.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { type MeterRecord, newMeter, OPEN_LIMIT_DEFAULT, summaryOf } from './meter-record.ts';

/** A registered meter; throws METER_UNKNOWN. */
export async function requireMeter(draft: Draft, meterId: string): Promise<MeterRecord> {
  const meter = await draft.get<MeterRecord>(KEY.meter(meterId));
  if (meter === undefined) throw new Rejected('METER_UNKNOWN', `Meter ${meterId} is not registered.`);
  return meter;
}

/** Enters a meter whose register stands at zero; throws METER_EXISTS. */
export async function registerMeter(
  work: Work,
  request: TransactionRequest<'RegisterMeter'>,
): Promise<{ meter: MeterSummary }> {
  const key = KEY.meter(request.meterId);
  if ((await work.draft.get(key)) !== undefined) {
    throw new Rejected('METER_EXISTS', `Meter ${request.meterId} is registered already.`);
  }
  const meter = newMeter(request.meterId, request.keyEpoch ?? 1, request.openLimit ?? OPEN_LIMIT_DEFAULT);
  work.draft.put(key, meter);
  return { meter: summaryOf(meter) };
}

/** The meter in quarantine, with an alarm if it was not there yet; the first reason stays. */
export function quarantined(work: Work, meter: MeterRecord, reason: QuarantineReason): MeterRecord {
  if (meter.quarantine !== undefined) return meter;
  const alarm: Alarm = { what: reason, meterId: meter.meterId };
  work.alarms.push(alarm);
  return { ...meter, quarantine: reason };
}
