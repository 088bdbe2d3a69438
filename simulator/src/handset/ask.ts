import { isFinalStatus, type RequestResult, type RequestStatus } from '@tapwatt/firmware-contracts';
import { isFurther, isPassingRefusal } from './status.ts';
import type { StoredRequest } from './stored-request.ts';

/** One request on its way, as plain data. */
export interface Ask {
  readonly request: StoredRequest;
  /** The furthest status so far. */
  readonly status?: RequestStatus;
  /** When each status was first heard, milliseconds since 1970. */
  readonly heardAtMs: Readonly<Partial<Record<RequestStatus, number>>>;
  /** The members of all results so far; a newer one replaces an older one. */
  readonly facts: Partial<RequestResult>;
  readonly isFinal: boolean;
  /** Times sent, this run. */
  readonly attempts: number;
  /** When it is sent again unless something is heard. */
  readonly dueAtMs: number;
  readonly isResumed: boolean;
}

/** What a result did to an ask: `contradicted` when it would take back what was said before. */
export type Heard = 'advanced' | 'repeated' | 'not-now' | 'contradicted';

/** After news of a request the gateway has it in hand; it is asked again only when nothing more is heard for so long. */
const QUIET_AFTER_NEWS_MS = 10_000;

export const newAsk = (request: StoredRequest, nowMs: number, isResumed = false): Ask => ({
  request,
  heardAtMs: {},
  facts: {},
  isFinal: false,
  attempts: 0,
  dueAtMs: nowMs,
  isResumed,
});

const isEnd = ({ request }: Ask, status: RequestStatus, facts: Partial<RequestResult>): boolean => {
  if (isFinalStatus(status) || request.op === 'query') return true;
  return request.op === 'issue' && request.deliver === false && facts.voucher !== undefined;
};

const isContradiction = (ask: Ask, result: RequestResult): boolean =>
  (result.status === 'refused' && ask.status === 'on-meter') ||
  (ask.facts.voucherId !== undefined &&
    result.voucherId !== undefined &&
    result.voucherId !== ask.facts.voucherId);

/** The ask after a result of its requestId; what it says is kept, its status only counts where it is further. */
export const hear = (
  ask: Ask,
  result: RequestResult,
  nowMs: number,
): { readonly ask: Ask; readonly heard: Heard } => {
  if (ask.isFinal) return { ask, heard: 'repeated' };
  // Of two gateways one may be without its ledger while the other goes on.
  if (isPassingRefusal(result) && ask.request.op !== 'query') return { ask, heard: 'not-now' };
  if (isContradiction(ask, result)) return { ask, heard: 'contradicted' };
  const advances = isFurther(result.status, ask.status);
  const facts = { ...ask.facts, ...result };
  const status = advances ? result.status : (ask.status ?? result.status);
  const isFinal = isEnd(ask, status, facts);
  const heardAtMs = { [result.status]: nowMs, ...ask.heardAtMs };
  const pause = advances ? { attempts: 0, dueAtMs: nowMs + QUIET_AFTER_NEWS_MS } : {};
  const next = { ...ask, facts, status, isFinal, heardAtMs, ...pause };
  return { ask: next, heard: advances || isFinal ? 'advanced' : 'repeated' };
};

/** The ask after it was sent once more; `waitMs` until the next time. */
export const sent = (ask: Ask, nowMs: number, waitMs: number): Ask => ({
  ...ask,
  attempts: ask.attempts + 1,
  dueAtMs: nowMs + waitMs,
});
