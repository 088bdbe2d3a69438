import type { KeyObject } from 'node:crypto';
import {
  bytesToHex,
  type HandsetRequest,
  isSignedBy,
  type ParsedRequest,
  parseRequest,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import type { Clock } from '../edges/edges.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createStandings, type Standing } from './standing.ts';

/** Where a sealed voucher has its id (WIRE.md, "Voucher"), hex digits. */
const VOUCHER_ID = [2 * 32, 2 * 48] as const;

/** A request whose signature verifies with the registered key of the handset that sent it. */
export interface AuthenticRequest<P extends HandsetRequest = HandsetRequest> {
  readonly handsetId: string;
  readonly agentId: string;
  /** Spends nothing, which the rules see to, and reads no balance; what it asked for before goes on. */
  readonly isSuspended: boolean;
  readonly requestId: string;
  readonly jws: string;
  readonly payload: P;
  readonly payloadHash: Uint8Array;
  /** The same, lower-case hex, as the ledger records it. */
  readonly payloadHashHex: string;
  /** What the ledger knew of the request, and of the voucher that it would redeem. */
  readonly onLedger: Pick<Standing, 'request' | 'voucher'>;
}

export type RequestOf<Op extends HandsetRequest['op']> = AuthenticRequest<
  Extract<HandsetRequest, { op: Op }>
>;

/**
 * Makes the check of WIRE.md, "Handset requests": form, audience, sender, registered key, signature.
 *
 * The check throws BAD_REQUEST, WRONG_AUDIENCE, FORBIDDEN (another handset's request), PARTY_UNKNOWN, BAD_SIGNATURE, or
 * LEDGER_UNAVAILABLE for a handset never seen before.
 */
export function createAuthenticator(ports: AuthenticatorPorts) {
  const { ledgerId, verifySignature = isSigned } = ports;
  const standingOf = createStandings(ports);

  return async (handsetId: string, jws: string): Promise<AuthenticRequest> => {
    const parsed = parseRequest(jws);
    const { payload } = parsed;
    const { requestId, aud } = payload;
    if (parsed.kid !== handsetId)
      throw new TapwattError('FORBIDDEN', 'kid: a handset sends its own requests only.');
    if (aud !== ledgerId) throw new TapwattError('WRONG_AUDIENCE');
    const { handset, ...onLedger } = await standingOf({ handsetId, requestId, ...redeemedBy(payload) });
    if (!(await verifySignature(parsed, handset.key))) throw new TapwattError('BAD_SIGNATURE');
    return {
      handsetId,
      agentId: handset.agentId,
      isSuspended: handset.suspended,
      requestId,
      jws,
      payload,
      payloadHash: parsed.payloadHash,
      payloadHashHex: bytesToHex(parsed.payloadHash),
      onLedger,
    };
  };
}

/** The voucher that a request would redeem, read from its bytes: whether they are authentic is asked later. */
export const redeemedBy = (payload: HandsetRequest): { readonly voucherId?: string } =>
  payload.op === 'redeem' ? { voucherId: payload.voucher.slice(...VOUCHER_ID) } : {};

/** Whether the request was signed with this key's private half. */
export type VerifySignature = (request: ParsedRequest, key: KeyObject) => Promise<boolean>;

interface AuthenticatorPorts {
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly ledgerId: string;
  readonly clock: Clock;
  readonly verifySignature?: VerifySignature | undefined;
}

/**
 * On the main thread: handed to the thread pool it was measured to cost more in wake-ups than it took off, and at 500
 * redemptions/s on two cores it doubled the p99.
 */
const isSigned: VerifySignature = async (request, key) => isSignedBy(request, key);
