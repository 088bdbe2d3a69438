import {
  type ErrorCode,
  type HandsetRequest,
  isName,
  parseJws,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import type { RedemptionObserver } from '../redemption/observer.ts';
import { type AuthenticRequest, createAuthenticator, type RequestOf, redeemedBy } from './authenticate.ts';
import { answerBalance } from './balance.ts';
import { answerCancel } from './cancel.ts';
import { answerIssue } from './issue.ts';
import type { DeskPorts } from './ports.ts';
import { answerQuery } from './query.ts';
import { answerReceipts } from './receipts.ts';
import { answerRedeem } from './redeem.ts';

/** Requests under way at once, in all and of one handset; more are refused with BUSY. */
const MAX_UNDER_WAY = 8_192;
const MAX_UNDER_WAY_PER_HANDSET = 1_024;

export interface Refusal {
  readonly requestId: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Takes handsets' signed requests and answers each, every time its outcome advances (WIRE.md). */
export interface RequestDesk {
  /**
   * The answers go to the outbox. Never throws; but a request that is not authentic, which anybody may send in the name of a
   * handset, is refused by `refuseUnknown` where that is given, and this throws what it does.
   */
  take(handsetId: string, jws: string, refuseUnknown?: (refusal: Refusal) => void): Promise<void>;
  readonly underWay: number;
}

export function createRequestDesk(ports: DeskPorts, observer: RedemptionObserver): RequestDesk {
  const authenticate = createAuthenticator(ports);
  const underWay = new Map<string, string>();
  const ofHandset = new Map<string, number>();

  function enter(request: AuthenticRequest): string | undefined {
    const key = `${request.handsetId}~${request.requestId}`;
    const same = underWay.get(key);
    if (same === request.payloadHashHex) return undefined;
    if (same !== undefined) throw new TapwattError('REQUEST_REUSED');
    const count = ofHandset.get(request.handsetId) ?? 0;
    if (underWay.size >= MAX_UNDER_WAY || count >= MAX_UNDER_WAY_PER_HANDSET) throw new TapwattError('BUSY');
    underWay.set(key, request.payloadHashHex);
    ofHandset.set(request.handsetId, count + 1);
    return key;
  }

  function leave(key: string, handsetId: string): void {
    underWay.delete(key);
    const count = (ofHandset.get(handsetId) ?? 1) - 1;
    if (count === 0) ofHandset.delete(handsetId);
    else ofHandset.set(handsetId, count);
  }

  async function serve(request: AuthenticRequest): Promise<void> {
    const key = enter(request);
    // The very same request is being served: its answer is on the way.
    if (key === undefined) return;
    try {
      await refuseReuse(ports, request);
      await dispatch(ports, request);
    } finally {
      leave(key, request.handsetId);
    }
  }

  return {
    async take(handsetId, jws, refuseUnknown) {
      let requestId: string | undefined;
      try {
        const request = await authenticate(handsetId, jws);
        requestId = request.requestId;
        await serve(request);
      } catch (error) {
        const refusal = { ...asRefusal(error), requestId: requestId ?? requestIdOf(jws) };
        observer.refused({ ...refusal, ...(refusal.code === 'INTERNAL' ? { error } : {}) });
        if (requestId === undefined && refuseUnknown !== undefined) refuseUnknown(refusal);
        else ports.outbox.refuse(handsetId, refusal);
      }
    },
    get underWay() {
      return underWay.size;
    },
  };
}

/** A requestId of the ledger or of the journal is never used again with another payload. */
async function refuseReuse(ports: DeskPorts, request: AuthenticRequest): Promise<void> {
  const { handsetId, requestId, payload, payloadHashHex: payloadHash, onLedger } = request;
  const noted = ports.journal.find(handsetId, requestId);
  if (noted !== undefined && noted.payloadHash !== payloadHash) throw new TapwattError('REQUEST_REUSED');
  const spending = payload.op === 'issue' || payload.op === 'cancel';
  if (!spending && onLedger.request !== undefined) throw new TapwattError('REQUEST_REUSED');
  // Another gateway may have had another policy: what the ledger knows counts.
  if (noted?.refused !== undefined && onLedger.request === undefined) throw new TapwattError(noted.refused);
  if (noted !== undefined) return;
  // It may have been refused for good: not to be known is no leave to spend.
  if (payload.op === 'issue' && onLedger.request === undefined && !ports.journal.canTell())
    throw new TapwattError('DISK_FULL', 'The journal of requests cannot be read now.');
  await ports.journal.record(handsetId, requestId, { payloadHash, op: payload.op, ...redeemedBy(payload) });
}

function dispatch(ports: DeskPorts, request: AuthenticRequest): Promise<void> {
  const { payload } = request;
  switch (payload.op) {
    case 'issue':
      return answerIssue(ports, narrow(request, payload));
    case 'redeem':
      return answerRedeem(ports, narrow(request, payload));
    case 'cancel':
      return answerCancel(ports, narrow(request, payload));
    case 'receipts':
      return answerReceipts(ports, narrow(request, payload));
    case 'balance':
      return answerBalance(ports, narrow(request, payload));
    case 'query':
      return answerQuery(ports, narrow(request, payload));
    default:
      return payload satisfies never;
  }
}

const narrow = <P extends HandsetRequest>(request: AuthenticRequest, payload: P): RequestOf<P['op']> =>
  ({ ...request, payload }) as unknown as RequestOf<P['op']>;

function asRefusal(error: unknown): { readonly code: ErrorCode; readonly message: string } {
  const { code, message } = error instanceof TapwattError ? error : new TapwattError('INTERNAL');
  return { code, message };
}

/** The requestId of a request that was refused before it was wholly read; empty if none can be read. */
function requestIdOf(jws: string): string {
  try {
    const { requestId } = parseJws(jws).payload;
    return typeof requestId === 'string' && isName(requestId) ? requestId : '';
  } catch {
    return '';
  }
}
