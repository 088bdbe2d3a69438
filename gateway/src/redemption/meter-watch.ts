import type { Alarm, MeterDetail, MeterFigures } from '@tapwatt/chaincode';
import { bytesToHex, type StatusFields } from '@tapwatt/firmware-contracts';
import type { Clock, Random } from '../edges/edges.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { submitSurely } from '../ledger/submit-surely.ts';
import { createRecentMap } from '../recent-map.ts';

const MAX_ATTEMPTS = 3;
/** Meters whose newest figures are remembered; of a forgotten one only the ledger's own are compared. */
const MAX_REMEMBERED = 50_000;

/** The figures of a meter that never fall while it keeps its memory (WIRE.md, "What a meter keeps"). */
export interface Registers {
  readonly receiptNo: number;
  readonly cumulativeCredited: bigint;
}

const isBelow = (a: Registers, b: Registers): boolean =>
  a.receiptNo < b.receiptNo || a.cumulativeCredited < b.cumulativeCredited;

/**
 * Whether an authentic status tells the ledger something that it must act upon: a locked meter, registers that fell
 * (a board swapped, a memory restored), an epoch or a seq that the ledger never gave out.
 *
 * `newest` is the newest that the meter has shown by now: receipts that came after the status may already be settled,
 * so that the ledger knows more than the status does. `seen` is what the ledger knew before this status was said: a
 * courier may be faster than the meter's own connection.
 */
function concernsLedger(
  status: StatusFields,
  meter: MeterDetail,
  { newest, seen }: { readonly newest: Registers; readonly seen: MeterFigures | undefined },
): boolean {
  // What a restore holds back is not held for a reason of its own.
  const isHeld = meter.quarantine !== undefined && meter.quarantine !== 'restored';
  if (status.keyEpoch === 0) return !isHeld;
  if (status.keyEpoch > meter.keyEpoch) {
    return status.hi > 0 || status.keyEpoch !== (meter.order?.keyEpoch ?? 0) + 1;
  }
  if (isHeld) return false;
  const isAhead = status.hi >= meter.nextSeq || status.floorSeq > meter.nextSeq;
  if (status.keyEpoch === meter.keyEpoch && isAhead) return true;
  if (seen === undefined) return false;
  return isBelow(newest, { ...seen, cumulativeCredited: BigInt(seen.cumulativeCredited) });
}

/** Follows the registers of meters, and takes a status that concerns the ledger to it. */
export interface MeterWatch {
  /** What the ledger knows of the meter now it knows from before anything that is said on this connection. */
  connected(meterId: string): void;
  /** A receipt from the meter itself; an older one, from its ring, tells nothing. */
  receipt(meterId: string, registers: Registers): void;
  status(frame: Uint8Array, status: StatusFields): Promise<void>;
}

export function createMeterWatch(ports: {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** Whether `connected` is called for every connection of this meter that begins from now on. */
  readonly isPresenceTold: (meterId: string) => boolean;
  /** The ledger took a status, and what a person should look at because of it. */
  readonly onRecorded?: (meterId: string, alarms: readonly Alarm[] | undefined) => void;
  /** After the ledger has taken the status, or needed not to. */
  readonly onStatus?: (meterId: string, frame: Uint8Array) => void;
}): MeterWatch {
  const newest = createRecentMap<string, Registers>(MAX_REMEMBERED);
  const remember = (meterId: string, { receiptNo, cumulativeCredited }: Registers): void =>
    newest.set(meterId, { receiptNo, cumulativeCredited });
  const atConnection = createRecentMap<string, Promise<MeterFigures | undefined>>(MAX_REMEMBERED);

  return {
    connected(meterId) {
      const reading = ports.ledger.evaluate('GetMeter', { meterId });
      // Of a ledger that is away nothing is known from before.
      atConnection.set(
        meterId,
        reading.then(
          (meter) => meter?.seen,
          () => undefined,
        ),
      );
    },
    receipt(meterId, registers) {
      const known = newest.get(meterId);
      if (known === undefined || known.receiptNo < registers.receiptNo) remember(meterId, registers);
    },
    async status(frame, status) {
      const meterId = String(status.meterId);
      const before = newest.get(meterId);
      // A status says what is so when it is sent, and a connection keeps the order: a lower one is a fall.
      const fell = before !== undefined && isBelow(status, before);
      remember(meterId, status);
      const meter = await ports.ledger.evaluate('GetMeter', { meterId });
      if (meter === null) return;
      const seen = await seenBefore(meterId, meter);
      const isNews = fell && (!meter.quarantined || meter.quarantine === 'restored');
      if (isNews || concernsLedger(status, meter, { newest: newest.get(meterId) ?? status, seen }))
        await record(meterId, frame);
      ports.onStatus?.(meterId, frame);
    },
  };

  /**
   * What the ledger knew of the meter before its status was said. Nothing, where its connection is older than this
   * process: another board would have made a new one.
   */
  async function seenBefore(meterId: string, now: MeterDetail): Promise<MeterFigures | undefined> {
    const known = atConnection.get(meterId);
    if (known !== undefined) return known;
    return ports.isPresenceTold(meterId) ? undefined : now.seen;
  }

  async function record(meterId: string, frame: Uint8Array): Promise<void> {
    const transaction = { name: 'RecordMeter', request: { status: bytesToHex(frame) } } as const;
    const { result } = await submitSurely(ports.ledger, transaction, { ...ports, maxAttempts: MAX_ATTEMPTS });
    ports.onRecorded?.(meterId, result.alarms);
  }
}
