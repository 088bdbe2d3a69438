import {
  type HandsetRequest,
  isFinalStatus,
  parseRequest,
  type RequestResult,
  type RequestStatus,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import { startDeadline, unlessAborted } from '../edges/deadline.ts';
import type { Clock } from '../edges/edges.ts';
import type { RequestDesk } from './desk.ts';

/** Requests whose results are waited for at once; more are refused with BUSY. */
const MAX_WAITING = 256;
/** Results of one request that are kept for its answer; there are never so many. */
const MAX_RESULTS = 16;

/** Handsets' signed requests that come without a connection of the handset's own, and their results. */
export interface HandIn {
  /**
   * The results of a request up to its end, or up to `waitMs`: it goes on then, and asked again it answers the newest.
   * Throws BUSY, and what refuses a request that is not authentic, of which nobody else hears.
   */
  take(jws: string, options: HandInOptions): Promise<readonly RequestResult[]>;
  /** A result of this handset, whoever asked for it. */
  heard(handsetId: string, result: RequestResult): void;
}

export interface HandInOptions {
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

interface Waiter {
  readonly results: RequestResult[];
  readonly ended: () => void;
  readonly endsWith: (status: RequestStatus) => boolean;
}

export function createHandIn(ports: {
  readonly desk: Pick<RequestDesk, 'take'>;
  readonly clock: Clock;
}): HandIn {
  const waiting = new Map<string, Set<Waiter>>();
  let count = 0;

  function enter(key: string, waiter: Waiter): () => void {
    const others = waiting.get(key) ?? new Set();
    waiting.set(key, others.add(waiter));
    count += 1;
    return () => {
      count -= 1;
      others.delete(waiter);
      if (others.size === 0 && waiting.get(key) === others) waiting.delete(key);
    };
  }

  return {
    async take(jws, { waitMs, signal }) {
      const { kid, payload } = parseRequest(jws);
      if (count >= MAX_WAITING) throw new TapwattError('BUSY');
      const { promise, resolve: ended } = Promise.withResolvers<void>();
      const results: RequestResult[] = [];
      const leave = enter(keyOf(kid, payload.requestId), { results, ended, endsWith: endOf(payload) });
      const wait = startDeadline(ports.clock, waitMs, signal);
      try {
        await ports.desk.take(kid, jws, ({ code, message }) => {
          throw new TapwattError(code, message);
        });
        await unlessAborted(wait.signal, promise).catch(() => undefined);
        return results;
      } finally {
        wait.end();
        leave();
      }
    },
    heard(handsetId, result) {
      for (const waiter of waiting.get(keyOf(handsetId, result.requestId)) ?? []) {
        if (waiter.results.length < MAX_RESULTS) waiter.results.push(result);
        if (waiter.endsWith(result.status)) waiter.ended();
      }
    },
  };
}

const keyOf = (handsetId: string, requestId: string): string => `${handsetId}~${requestId}`;

/** A voucher that is not to be delivered is done when it is issued. */
const endOf =
  (payload: HandsetRequest) =>
  (status: RequestStatus): boolean =>
    isFinalStatus(status) || (payload.op === 'issue' && !payload.deliver && status === 'issued');
