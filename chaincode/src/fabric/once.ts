import { canonicalJson } from '@tapwatt/firmware-contracts';
import type { RequestRecord } from '../protocol/records.ts';
import { Rejected } from '../rejected.ts';
import { KEY } from '../state/keys.ts';
import type { LedgerState } from '../state/ports.ts';
import { CLIENT_TX_ID } from './wire.ts';

/** Which Fabric transaction carried out a party's transaction of this id (`TX~partyId~id`). */
interface TransactionRecord {
  readonly txId: string;
}

export interface ClientTransaction {
  readonly partyId: string;
  /** 32 hex digits, as the client made them. */
  readonly id: string;
}

/** The transaction was committed before: what it came to is in that Fabric transaction. */
export class KnownTransaction extends Error {
  readonly fabricTxId: string;

  constructor(fabricTxId: string) {
    super(`committed before as ${fabricTxId}`);
    this.fabricTxId = fabricTxId;
  }
}

const keyOf = ({ partyId, id }: ClientTransaction): string => `TX~${partyId}~${id}`;

/** The id as given, if one was; throws BAD_REQUEST. */
export function clientTxId(id: string | undefined): string | undefined {
  if (id === undefined || CLIENT_TX_ID.test(id)) return id;
  throw new Rejected('BAD_REQUEST', 'A transaction id is 32 lower-case hex digits.');
}

/** The Fabric transaction of a client's id, if it was committed. */
export async function committedAs(
  state: Pick<LedgerState, 'get'>,
  transaction: ClientTransaction,
): Promise<string | undefined> {
  const text = await state.get(keyOf(transaction));
  return text === undefined ? undefined : (JSON.parse(text) as TransactionRecord).txId;
}

/**
 * Lets a client's id be carried out once: its record is read and written, so that of two at the same time Fabric
 * invalidates one. Throws `KnownTransaction` when it was.
 */
export async function claimOnce(
  state: LedgerState,
  transaction: ClientTransaction,
  fabricTxId: string,
): Promise<void> {
  const known = await committedAs(state, transaction);
  if (known !== undefined) throw new KnownTransaction(known);
  const record: TransactionRecord = { txId: fabricTxId };
  state.put(keyOf(transaction), canonicalJson(record));
}

/** Lets a signed order be carried out once. Throws `KnownTransaction` when it was; other content under its id is for the rules to refuse. */
export async function requireNewOrder(
  state: Pick<LedgerState, 'get'>,
  { partyId, requestId, payloadHash }: { partyId: string; requestId: string; payloadHash: string },
): Promise<void> {
  const text = await state.get(KEY.request(partyId, requestId));
  if (text === undefined) return;
  const known = JSON.parse(text) as RequestRecord;
  if (known.payloadHash === payloadHash) throw new KnownTransaction(known.txId);
}
