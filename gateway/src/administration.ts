import type { EndEpochRequest } from '@tapwatt/chaincode';
import { type ParsedOrder, parseOrder, TapwattError } from '@tapwatt/firmware-contracts';
import type { Clock } from './edges/edges.ts';
import type { Issuer } from './issuer/issuer.ts';
import type { Committed, Ledger } from './ledger/ledger.ts';

/** Orders that end a key epoch: the issuer adds its commitment, so the gateway submits them with the order inside. */
const EPOCH_ENDS = new Set(['RotateMeterKey', 'CloseMeter']);

export interface AdministrationPorts {
  /** As this gateway's party. */
  readonly ledger: Ledger;
  /** Commits a party-signed order as that party's own transaction. */
  readonly submitOrder: (jws: string, signal: AbortSignal) => Promise<Committed<unknown>>;
  readonly issuer: Issuer;
  readonly clock: Clock;
  /** A meter has something new to be shown. */
  readonly onMeterChanged: (meterId: string) => void;
}

/** Takes party-signed administrative orders to the ledger; the same order again has its first outcome. */
export function createAdministration(ports: AdministrationPorts) {
  const { ledger, issuer } = ports;

  async function endEpoch(jws: string, order: ParsedOrder): Promise<Committed<unknown>> {
    const { meterId } = order.payload.request;
    if (typeof meterId !== 'string') throw new TapwattError('BAD_REQUEST', 'request.meterId: is missing.');
    const meter = await ledger.evaluate('GetMeter', { meterId });
    if (meter === null) throw new TapwattError('METER_UNKNOWN');
    const { keyEpoch } = meter;
    const commitments = await issuer.orderCommitments({ meterId, keyEpoch, payloadHash: order.payloadHash });
    const issuedAt = Math.floor(ports.clock.nowMs() / 1000);
    const request: EndEpochRequest = { jws, keyEpoch, ...commitments, issuedAt };
    const name = order.payload.op === 'CloseMeter' ? 'CloseMeter' : 'RotateMeterKey';
    const committed = await ledger.submit(name, request);
    ports.onMeterChanged(meterId);
    return committed;
  }

  return async (jws: string, signal: AbortSignal): Promise<Committed<unknown>> => {
    const order = parseOrder(jws);
    return EPOCH_ENDS.has(order.payload.op) ? endEpoch(jws, order) : ports.submitOrder(jws, signal);
  };
}
