import type { InvariantPage, QueryRequest } from '../protocol/queries.ts';
import type { LedgerRecord } from '../protocol/records.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { QueryState } from '../state/ports.ts';
import { CHECKS, type Checking } from './checks.ts';
import { AFTER, END, one, requireLimit } from './pages.ts';
import { Tally } from './sums.ts';
import { checkTotals } from './totals.ts';

const PREFIXES = Object.keys(CHECKS).sort();

/**
 * Checks I1–I3 of DESIGN.md over the whole ledger, a page at a time, in memory of one page: each record by itself and
 * against the records it names, and on the last page the sums of all of them. The pages must see one state.
 */
export async function checkInvariants(
  state: QueryState,
  { after, limit, carry, history }: QueryRequest<'CheckInvariants'>,
): Promise<InvariantPage> {
  requireLimit(limit);
  const tally = new Tally(carry);
  const restores = (await one<LedgerRecord>(state, KEY.ledger))?.restores ?? 0;
  const checking: Checking = { state, tally, restores, history: history === true };
  let checked = 0;
  for (const prefix of remaining(after)) {
    const start = after?.startsWith(prefix) ? after + AFTER : prefix;
    for await (const [key, value] of state.range(start, prefix + END, limit - checked)) {
      checked += 1;
      await CHECKS[prefix]?.(checking, key, JSON.parse(value));
      if (checked === limit) {
        return { checked, violations: tally.violations, next: key, carry: tally.carry() };
      }
    }
  }
  checkTotals(tally);
  return { checked, violations: tally.violations, carry: tally.carry() };
}

/** The kinds of record from the cursor's on. */
function remaining(after: string | undefined): readonly string[] {
  if (after === undefined) return PREFIXES;
  const current = PREFIXES.findIndex((prefix) => after.startsWith(prefix));
  if (current < 0) throw new Rejected('BAD_REQUEST', 'after: not the next of a page.');
  return PREFIXES.slice(current);
}
