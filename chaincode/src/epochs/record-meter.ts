import {
  canonicalJson,
  decodeStatus,
  hexToBytes,
  STATE_BIT,
  type StatusFields,
} from '@tapwatt/firmware-contracts';
import { isOldInQuarantine, readEpoch, readInQuarantine } from '../copies/clear.ts';
import { ahead } from '../copies/evidence.ts';
import type { MeterFigures } from '../protocol/records.ts';
import type { TransactionRequest, TransactionResult } from '../protocol/transactions.ts';
import { type MeterRecord, summaryOf } from '../registry/meter-record.ts';
import { quarantined, requireMeter } from '../registry/meters.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';
import { movedTo } from './move.ts';

/**
 * Takes a meter's own figures. LOCKED, a register that falls, an epoch or a seq that this ledger never gave out put the
 * meter in quarantine. The order in which statuses come is the gateway's to keep: an old one looks like a fall.
 */
export async function recordMeter(
  work: Work,
  { status }: TransactionRequest<'RecordMeter'>,
): Promise<TransactionResult<'RecordMeter'>> {
  const decoded = decodeStatus(hexToBytes(status));
  if (!decoded.ok) throw new Rejected('BAD_FORMAT', 'status: breaks the wire contract.');
  const { fields } = decoded;
  const before = await requireMeter(work.draft, `${fields.meterId}`);
  const after =
    fields.keyEpoch === 0
      ? quarantined(work, before, 'locked')
      : await read(work, before, { fields, status });
  const changed = canonicalJson(before) !== canonicalJson(after);
  if (changed) work.draft.put(KEY.meter(before.meterId), after);
  const { alarms } = work;
  return { changed, meter: summaryOf(after), ...(alarms.length === 0 ? {} : { alarms }) };
}

async function read(
  work: Work,
  meter: MeterRecord,
  { fields, status }: { readonly fields: StatusFields; readonly status: string },
): Promise<MeterRecord> {
  // A status of an epoch long ended is an old one: its frame is authentic for ever.
  if (fields.keyEpoch < meter.keyEpoch) return meter;
  if (await isOldInQuarantine(work, meter, fields.receiptNo)) return readEpoch(work, meter, fields.keyEpoch);
  const seen: MeterFigures = {
    keyEpoch: fields.keyEpoch,
    receiptNo: fields.receiptNo,
    cumulativeCredited: `${fields.cumulativeCredited}`,
  };
  const checked = fell(meter, seen) ? quarantined(work, meter, 'register-fell') : meter;
  return readInQuarantine(work, await caughtUp(work, { ...checked, seen }, fields), status);
}

const fell = ({ seen }: MeterRecord, now: MeterFigures): boolean =>
  seen !== undefined &&
  (now.receiptNo < seen.receiptNo || BigInt(now.cumulativeCredited) < BigInt(seen.cumulativeCredited));

/**
 * A meter that is where this ledger never sent it: the ledger was restored or forked. Its next seq stays, so that what the
 * meter has used beyond it is not taken for resolved; only the end of that epoch makes the ledger fit to issue again.
 */
async function caughtUp(work: Work, meter: MeterRecord, fields: StatusFields): Promise<MeterRecord> {
  const { keyEpoch, hi } = fields;
  // Its C is on the way.
  if (meter.order !== undefined && keyEpoch === meter.order.keyEpoch + 1 && hi === 0) return meter;
  const closed = meter.closed || (fields.stateBits & STATE_BIT.CLOSED) !== 0;
  const what = sightOf(meter, fields);
  if (what === undefined) return { ...meter, closed };
  const behind =
    what === 'other-board'
      ? quarantined(work, meter, 'ledger-behind')
      : await ahead(work, meter, { what, keyEpoch });
  return { ...(keyEpoch === meter.keyEpoch ? behind : await movedTo(work, behind, keyEpoch)), closed };
}

/** What a status shows that this ledger never did; a new board counts its receipts from zero. */
function sightOf(meter: MeterRecord, { keyEpoch, hi, floorSeq, receiptNo }: StatusFields) {
  if (keyEpoch === meter.keyEpoch) {
    return hi >= meter.nextSeq || floorSeq > meter.nextSeq ? 'ledger-behind' : undefined;
  }
  if (hi > 0) return 'ledger-behind';
  return receiptNo > 0 ? 'epoch-ended-elsewhere' : 'other-board';
}
