import { ERRORS, type ErrorCode, type RequestResult, type RequestStatus } from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';
import { createRecentMap } from '../recent-map.ts';

/** Requests whose newest result is remembered, so that a late or repeated step never goes back. */
const MAX_REMEMBERED = 4_096;

/** How far along a status is; a result of a lower rank never follows one of a higher rank. */
const RANK: Readonly<Record<RequestStatus, number>> = {
  issued: 0,
  accepted: 1,
  pending: 1,
  cancelling: 2,
  'on-meter': 3,
  settled: 4,
  voided: 4,
  redeemed: 4,
  abandoned: 4,
  ok: 4,
  refused: 4,
};

export interface Outbox {
  /** Sends a result, or again the newest one where this would go back (WIRE.md: statuses only ever advance). */
  answer(handsetId: string, result: Omit<RequestResult, 'at'>): void;
  /**
   * Refuses one message. Not remembered: it may be a damaged copy, or other content under the id of a good request,
   * whose own results must go on; and a request that is refused for good is refused again by whoever decided it.
   */
  refuse(handsetId: string, refusal: { requestId: string; code: ErrorCode; message: string }): void;
}

/** `send` may drop: a handset that hears nothing asks again. */
export function createOutbox(clock: Clock, send: (handsetId: string, result: RequestResult) => void): Outbox {
  const newest = createRecentMap<string, RequestResult>(MAX_REMEMBERED);
  const dated = (answer: Omit<RequestResult, 'at'>): RequestResult => ({
    ...answer,
    at: Math.floor(clock.nowMs() / 1000),
  });

  return {
    refuse: (handsetId, refusal) => send(handsetId, dated({ ...refusal, status: 'refused' })),
    answer(handsetId, answer) {
      const result = dated(answer);
      const key = `${handsetId}~${result.requestId}`;
      const known = newest.get(key);
      if (known !== undefined && RANK[result.status] < RANK[known.status]) return send(handsetId, known);
      if (endsNothing(result)) return send(handsetId, result);
      newest.set(key, result);
      send(handsetId, result);
    },
  };
}

/** An answer that the same request may outgrow: a refusal that passes, a reading of the moment. */
const endsNothing = (result: RequestResult): boolean =>
  result.status === 'ok' ||
  (result.status === 'refused' && result.code !== undefined && ERRORS[result.code].retry === 'same');
