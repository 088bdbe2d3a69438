import type { RequestResult } from '@tapwatt/firmware-contracts';

/** This request is in its handset's store: made just now, or found there. */
export interface Made {
  readonly type: 'made';
  readonly requestId: string;
  readonly op: string;
  /** It is at its end with the voucher, which another request is to redeem. */
  readonly endsIssued: boolean;
}

/** One line of a simulator process's standard output, in JSON. */
export type SimulatorLine =
  | { readonly type: 'up' }
  | Made
  /** An answer reached a handset. */
  | { readonly type: 'heard'; readonly result: RequestResult }
  | { readonly type: 'contradicted'; readonly requestId: string }
  /** A meter could not write, and went off until its power comes back. */
  | { readonly type: 'memory-failed'; readonly meterId: string };
