import type { InvariantCarry } from '@tapwatt/chaincode';
import type { Ledger } from './ledger.ts';

const PAGE = 500;
/** Breaches that a report lists; more are only counted. */
const MAX_LISTED = 100;

export interface InvariantBreach {
  readonly invariant: string;
  readonly message: string;
}

export interface InvariantReport {
  readonly ok: boolean;
  readonly breaches: readonly InvariantBreach[];
  /** How many records were looked at, and breaches found in all, listed or not. */
  readonly checked: Readonly<Record<'records' | 'breaches', number>>;
}

/** Checks I1 to I3 of DESIGN.md over the whole ledger, page by page, with the memory of one page. */
export async function checkInvariants(
  ledger: Pick<Ledger, 'evaluate'>,
  options: { readonly signal: AbortSignal; readonly onProgress?: (checked: number) => void },
): Promise<InvariantReport> {
  const breaches: InvariantBreach[] = [];
  let checked = 0;
  let found = 0;
  let carry: InvariantCarry | undefined;
  for (let after: string | undefined; ; ) {
    options.signal.throwIfAborted();
    const page = await ledger.evaluate('CheckInvariants', {
      limit: PAGE,
      ...(after === undefined ? {} : { after }),
      ...(carry === undefined ? {} : { carry }),
    });
    checked += page.checked;
    found += page.violations.length;
    const room = MAX_LISTED - breaches.length;
    for (const { invariant, subject, message } of page.violations.slice(0, room)) {
      breaches.push({ invariant, message: `${subject}: ${message}` });
    }
    options.onProgress?.(checked);
    if (page.next === undefined) {
      return { ok: found === 0, breaches, checked: { records: checked, breaches: found } };
    }
    after = page.next;
    carry = page.carry;
  }
}
