import type { KeyObject } from 'node:crypto';
import type {
  PartyRecord,
  QueryRequest,
  QueryResult,
  RequestRecord,
  VoucherRecord,
} from '@tapwatt/chaincode';
import { publicKeyFromRaw, TapwattError } from '@tapwatt/firmware-contracts';
import { inTime } from '../edges/deadline.ts';
import type { Clock } from '../edges/edges.ts';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createRecentMap } from '../recent-map.ts';

/** Handsets whose registration is remembered, for redeeming while the ledger is away. */
const MAX_REMEMBERED = 10_000;
/** A ledger that does not answer within this is as good as away, for a handset that is remembered. */
const PATIENCE_MS = 1_000;

/** A handset as it is registered, or was when the ledger was last asked. */
export interface Registration {
  readonly agentId: string;
  readonly suspended: boolean;
  readonly rawKey: string;
  readonly key: KeyObject;
}

/** What the ledger knows before a request is served; of the request nothing when it has none, or is away. */
export interface Standing {
  readonly handset: Registration;
  readonly request?: RequestRecord;
  /** Of the voucher that was asked for: `null` when the ledger says that it has none, absent when it is away. */
  readonly voucher?: VoucherRecord | null;
}

type Asked = QueryRequest<'GetStanding'>;
type Answered = QueryResult<'GetStanding'>;

/**
 * Asks the ledger once for all that serving a request needs to know of it. Throws PARTY_UNKNOWN, and LEDGER_UNAVAILABLE for a
 * handset never seen before.
 */
export function createStandings({ ledger, clock }: { ledger: Pick<Ledger, 'evaluate'>; clock: Clock }) {
  const remembered = createRecentMap<string, Registration>(MAX_REMEMBERED);

  function remember(handsetId: string, party: PartyRecord | null): Registration {
    const { agentId, publicKey, suspended } = handsetOf(party);
    const known = remembered.get(handsetId);
    const key = known?.rawKey === publicKey ? known.key : publicKeyFromRaw(publicKey);
    const fresh = { agentId, suspended, rawKey: publicKey, key };
    remembered.set(handsetId, fresh);
    return fresh;
  }

  return async (asked: Asked): Promise<Standing> => {
    const { handsetId } = asked;
    const known = remembered.get(handsetId);
    const answer = await answerOrAway(ledger.evaluate('GetStanding', asked), known && clock);
    if (answer === undefined && known !== undefined) return { handset: known };
    const { party, request, voucher } = answer ?? { party: null, request: null, voucher: null };
    return {
      handset: remember(handsetId, party),
      ...(request === null ? {} : { request }),
      ...(asked.voucherId === undefined ? {} : { voucher }),
    };
  };
}

/** `undefined` when the ledger is away; without a clock it is waited for, and its being away is thrown. */
async function answerOrAway(
  reading: Promise<Answered>,
  clock: Clock | undefined,
): Promise<Answered | undefined> {
  if (clock === undefined) return reading;
  const reason = (): LedgerUnavailable => new LedgerUnavailable('The ledger takes too long.');
  try {
    return await inTime(reading, { clock, afterMs: PATIENCE_MS, reason });
  } catch (error) {
    if (error instanceof LedgerUnavailable) return undefined;
    throw error;
  }
}

function handsetOf(party: PartyRecord | null) {
  if (
    party === null ||
    party.role !== 'handset' ||
    party.agentId === undefined ||
    party.publicKey === undefined
  ) {
    throw new TapwattError('PARTY_UNKNOWN', 'No such handset is registered.');
  }
  return { agentId: party.agentId, publicKey: party.publicKey, suspended: party.suspended };
}
