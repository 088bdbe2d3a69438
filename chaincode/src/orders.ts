import { bytesToHex, parseOrder } from '@tapwatt/firmware-contracts';
import type { OrderIdentity, Submitter } from './context.ts';
import type { TransactionName } from './protocol/transactions.ts';
import { requireActive } from './registry/parties.ts';
import { signedBy } from './registry/signed-by.ts';
import { Rejected, rejecting } from './rejected.ts';
import { Draft } from './state/draft.ts';
import type { LedgerState } from './state/ports.ts';
import { isTransactionName } from './transactions.ts';

/** A signed administrative order whose signature holds; `request` is still to be validated by its transaction. */
export interface AuthenticOrder extends OrderIdentity {
  readonly submitter: Submitter;
  readonly name: TransactionName;
  readonly request: unknown;
}

/**
 * Who ordered what: reads a signed order and checks it against the registry. Run it as `runTransaction(name, request,
 * {submitter, order, …})`; with `order` it is carried out once however often it comes. Throws Rejected: BAD_REQUEST,
 * WRONG_AUDIENCE, PARTY_UNKNOWN, BAD_SIGNATURE, SUSPENDED, FORBIDDEN.
 */
export const authenticateOrder = (state: Pick<LedgerState, 'get'>, jws: string): Promise<AuthenticOrder> =>
  rejecting(async () => {
    const draft = Draft.over(state);
    const parsed = parseOrder(jws);
    const party = await signedBy(draft, parsed);
    await requireActive(draft, party);
    const { op, request, requestId } = parsed.payload;
    if (!isTransactionName(op)) throw new Rejected('BAD_REQUEST', `op: there is no transaction ${op}.`);
    return {
      submitter: { partyId: party.id, role: party.role },
      name: op,
      request,
      requestId,
      payloadHash: bytesToHex(parsed.payloadHash),
    };
  });
