import type { BreakKind, BreakRecord } from '../protocol/records.ts';
import { KEY } from '../state/keys.ts';
import type { Work } from '../work.ts';

/** Records evidence against the books, once, with an alarm; no money moves on it. Answers whether it was new. */
export async function recordBreak(
  work: Work,
  what: BreakKind,
  found: { readonly voucherId: string; readonly meterId: string; readonly receipt: string },
): Promise<boolean> {
  const key = KEY.broken(found.voucherId, what);
  if ((await work.draft.get(key)) !== undefined) return false;
  const record: BreakRecord = { what, ...found, txId: work.txId };
  work.draft.put(key, record);
  work.alarms.push({ what, meterId: found.meterId, voucherId: found.voucherId });
  return true;
}
