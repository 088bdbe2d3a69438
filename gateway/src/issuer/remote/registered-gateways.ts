import type { PartyRecord } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from '../../edges/edges.ts';
import { LedgerUnavailable } from '../../ledger/errors.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createRecentMap } from '../../recent-map.ts';

/** How long the ledger's word on a gateway is remembered, ms: a suspension works after that. */
const REMEMBERED_MS = 10_000;
const MAX_REMEMBERED = 1_000;

interface Remembered {
  readonly refused: TapwattError | undefined;
  readonly untilMs: number;
}

/**
 * Whether a certificate's name is that of a gateway of the ledger. Throws PARTY_UNKNOWN, FORBIDDEN, SUSPENDED; or
 * LEDGER_UNAVAILABLE for one that was never looked up.
 */
export function createGatewayRegister(ports: {
  readonly ledger: Pick<Ledger, 'evaluate'>;
  readonly clock: Clock;
}) {
  const remembered = createRecentMap<string, Remembered>(MAX_REMEMBERED);

  async function lookUp(gatewayId: string, known: Remembered | undefined): Promise<Remembered> {
    try {
      const party = await ports.ledger.evaluate('GetParty', { id: gatewayId });
      const fresh = { refused: refusalOf(party), untilMs: ports.clock.monotonicMs() + REMEMBERED_MS };
      remembered.set(gatewayId, fresh);
      return fresh;
    } catch (error) {
      // What the ledger said last goes on being so while it is away: receipts are read meanwhile.
      if (error instanceof LedgerUnavailable && known !== undefined) return known;
      throw error;
    }
  }

  return async (gatewayId: string): Promise<void> => {
    const known = remembered.get(gatewayId);
    const isFresh = known !== undefined && ports.clock.monotonicMs() < known.untilMs;
    const { refused } = isFresh ? known : await lookUp(gatewayId, known);
    if (refused !== undefined) throw refused;
  };
}

function refusalOf(party: PartyRecord | null): TapwattError | undefined {
  if (party === null) return new TapwattError('PARTY_UNKNOWN', 'No such gateway is registered.');
  if (party.role !== 'gateway') return new TapwattError('FORBIDDEN', 'Only gateways ask the issuer.');
  return party.suspended ? new TapwattError('SUSPENDED') : undefined;
}
