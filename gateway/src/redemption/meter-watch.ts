import type { MeterDetail } from '@tapwatt/chaincode';
import { bytesToHex, STATE_BIT, type StatusFields } from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';

const MAX_ATTEMPTS = 3;

/**
 * Whether an authentic status tells the ledger something that it must act upon: a locked meter, registers that fell
 * (a board swapped, a memory restored), an epoch or a closed bit that differ, more credit than the ledger settled.
 */
export function concernsLedger(status: StatusFields, meter: MeterDetail): boolean {
  if (status.keyEpoch === 0) return !meter.quarantined;
  if (status.keyEpoch !== meter.keyEpoch) return true;
  if (((status.stateBits & STATE_BIT.CLOSED) !== 0) !== meter.closed) return true;
  const { seen } = meter;
  if (seen === undefined) return status.cumulativeCredited !== BigInt(meter.settled);
  return status.receiptNo < seen.receiptNo || status.cumulativeCredited < BigInt(seen.cumulativeCredited);
}

/** Takes such a status to the ledger, whose rules quarantine the meter or take over its epoch. */
export function createMeterWatch(ports: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}) {
  return async (frame: Uint8Array, status: StatusFields): Promise<void> => {
    const meterId = String(status.meterId);
    const meter = await ports.ledger.evaluate('GetMeter', { meterId });
    if (meter === null || !concernsLedger(status, meter)) return;
    const transaction = { name: 'RecordMeter', request: { status: bytesToHex(frame) } } as const;
    await submitSurely(ports.ledger, transaction, { ...ports, maxAttempts: MAX_ATTEMPTS });
  };
}
