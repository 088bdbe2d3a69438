import { canonicalJson, parseOrder, TapwattError } from '@tapwatt/firmware-contracts';
import { hashText } from './block.ts';
import type { StateReader } from './overlay.ts';
import { valueIn } from './rows.ts';
import type { LedgerRules } from './rules.ts';
import type { Call } from './transaction.ts';
import { WatchedReads } from './watched-reads.ts';

const DOMAIN = 'tapwatt/v1/order';
const TX_ID_LENGTH = 32;

/**
 * The transaction id of a signed order: from its party and requestId, so that the same order finds its first outcome
 * for ever. Throws BAD_REQUEST.
 */
export const orderTxId = (jws: string): string => {
  const { kid, payload } = parseOrder(jws);
  return hashText(`${DOMAIN}\0${kid}\0${payload.requestId}`).slice(0, TX_ID_LENGTH);
};

const payloadOf = (jws: string): string | undefined => jws.split('.')[1];

/** The first outcome stands for the same payload only. Throws REQUEST_REUSED. */
export const requireSameOrder = (jws: string, first: string | undefined): void => {
  if (first === undefined || payloadOf(first) !== payloadOf(jws)) {
    throw new TapwattError('REQUEST_REUSED');
  }
};

/** Authenticates an order against the state before it. Throws what the rules refuse it with. */
export const authenticatedCall = async (
  jws: string,
  { reader, rules }: { reader: StateReader; rules: LedgerRules },
): Promise<Call> => {
  const reads = new WatchedReads();
  const state = {
    get(key: string) {
      const raw = reads.run(() => reader.get(key));
      return raw === undefined ? undefined : valueIn(raw);
    },
  };
  const authenticating = rules.authenticateOrder(state, jws);
  const { submitter, name, request, requestId, payloadHash } = await authenticating.finally(() =>
    reads.require(),
  );
  const order = { jws, requestId, payloadHash };
  return { txId: orderTxId(jws), submitter, name, requestJson: canonicalJson(request), order };
};
