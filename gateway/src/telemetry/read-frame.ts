import { type ReceiptFields, STATE_BIT, type StatusFields } from '@tapwatt/firmware-contracts';
import { MAX_BALANCE, type Measured } from './reading.ts';

/** Which way an authentic frame came, and when. */
export type FrameArrival = Pick<Measured, 'link' | 'receivedAtMs'>;

/** What an authentic status tells (WIRE.md "Status"); `undefined` of a LOCKED meter, whose numbers are all zero. */
export function readingOfStatus(status: StatusFields, arrival: FrameArrival): Measured | undefined {
  if (status.keyEpoch === 0) return undefined;
  const has = (bit: number): boolean => (status.stateBits & bit) !== 0;
  return {
    ...arrival,
    meterId: String(status.meterId),
    source: 'status',
    meterTimeS: status.meterTime,
    clockTrust: has(STATE_BIT.CLOCK_UNTRUSTED) ? 0 : 1,
    ...exactBalance(status),
    relay: has(STATE_BIT.RELAY_CLOSED) ? 'closed' : 'open',
    tamper: has(STATE_BIT.TAMPER),
  };
}

/** What an authentic receipt tells (WIRE.md "Receipt"): the balance right after a credit. `undefined` of a LOCKED meter. */
export function readingOfReceipt(receipt: ReceiptFields, arrival: FrameArrival): Measured | undefined {
  if (receipt.keyEpoch === 0) return undefined;
  return {
    ...arrival,
    meterId: String(receipt.meterId),
    source: 'receipt',
    meterTimeS: receipt.meterTime,
    clockTrust: receipt.clockTrust,
    ...exactBalance(receipt),
  };
}

function exactBalance({ balance }: { readonly balance: bigint }): Pick<Measured, 'balance'> {
  return balance <= MAX_BALANCE && balance >= -MAX_BALANCE ? { balance } : {};
}
