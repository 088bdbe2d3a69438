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
/** The same for a redemption: a sealed voucher was paid for whatever the ledger would say, and somebody waits for the light. */
const PATIENCE_TO_REDEEM_MS = 10;

/** A handset as it is registered, or was when the ledger was last asked. */
export interface Registration {
  readonly agentId: string;
  readonly suspended: boolean;
  readonly rawKey: string;
  readonly key: KeyObject;
}

/** What the ledger knows before a request is served; of request and voucher nothing when it has none, or is away. */
export interface Standing {
  readonly handset: Registration;
  readonly request?: RequestRecord;
  readonly voucher?: VoucherRecord;
}

export interface StandingPorts {
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly clock: Clock;
  /** A voucher that was to be redeemed, when its redemption had not waited to hear of it. */
  readonly onLate: (voucher: VoucherRecord) => void;
}

type Asked = QueryRequest<'GetStanding'>;
type Answered = QueryResult<'GetStanding'>;

/**
 * Asks the ledger once for all that serving a request needs to know of it. Throws PARTY_UNKNOWN, and LEDGER_UNAVAILABLE for a
 * handset never seen before.
 */
export function createStandings({ ledger, clock, onLate }: StandingPorts) {
  const remembered = createRecentMap<string, Registration>(MAX_REMEMBERED);

  /** Forgets whoever is no handset. */
  function remember(handsetId: string, party: PartyRecord | null): Registration | undefined {
    if (party?.role !== 'handset' || party.agentId === undefined || party.publicKey === undefined) {
      remembered.delete(handsetId);
      return undefined;
    }
    const { agentId, publicKey, suspended } = party;
    const known = remembered.get(handsetId);
    const key = known?.rawKey === publicKey ? known.key : publicKeyFromRaw(publicKey);
    const fresh = { agentId, suspended, rawKey: publicKey, key };
    remembered.set(handsetId, fresh);
    return fresh;
  }

  /** `undefined` when the ledger is away, or slow; what it says late is remembered for the next request. */
  async function inPatience(reading: Promise<Answered>, asked: Asked): Promise<Answered | undefined> {
    const { handsetId, voucherId } = asked;
    const reason = (): LedgerUnavailable => new LedgerUnavailable('The ledger takes too long.');
    const late = ({ party, voucher }: Answered): void => {
      remember(handsetId, party);
      if (voucher !== null) onLate(voucher);
    };
    const afterMs = voucherId === undefined ? PATIENCE_MS : PATIENCE_TO_REDEEM_MS;
    try {
      return await inTime(reading, { clock, afterMs, reason, late });
    } catch (error) {
      if (error instanceof LedgerUnavailable) return undefined;
      throw error;
    }
  }

  return async (asked: Asked): Promise<Standing> => {
    const { handsetId } = asked;
    const known = remembered.get(handsetId);
    const reading = ledger.evaluate('GetStanding', asked);
    const answer = known === undefined ? await reading : await inPatience(reading, asked);
    if (answer === undefined && known !== undefined) return { handset: known };
    const { party, request, voucher } = answer ?? { party: null, request: null, voucher: null };
    const handset = remember(handsetId, party);
    if (handset === undefined) throw new TapwattError('PARTY_UNKNOWN', 'No such handset is registered.');
    return {
      handset,
      ...(request === null ? {} : { request }),
      ...(voucher === null ? {} : { voucher }),
    };
  };
}
