import type { MeterSummary } from '@tapwatt/chaincode';
import type { StatusFields } from '@tapwatt/firmware-contracts';
import type { Issuer } from '../issuer/issuer.ts';
import { createRecentMap } from '../recent-map.ts';
import { type AcknowledgeableReceipt, acknowledgeable, raises, type ShownWindow } from './acknowledgement.ts';
import type { MeterLink } from './meter-link.ts';

/** Meters of which it is remembered what they have shown; a forgotten one shows it again. */
const MAX_METERS = 100_000;

/** Acknowledges to meters what the ledger has resolved of what they have shown (WIRE.md, "Acknowledgement"). */
export interface Acknowledger {
  /** An authentic receipt of the meter. */
  received(meterId: string, window: ShownWindow): void;
  /** An authentic status: what the meter has, and what it was told. */
  stands(status: StatusFields): void;
  /** The ledger stands so: the meter hears it if that is news. Resolves when it was sent, or could not be. */
  resolved(meter: MeterSummary): Promise<void>;
  forget(meterId: string): void;
}

interface Heard {
  shown: ShownWindow;
  /** What the meter was last told, or said that it has. */
  told?: AcknowledgeableReceipt | undefined;
}

export function createAcknowledger(ports: {
  readonly issuer: Pick<Issuer, 'acknowledge'>;
  readonly link: Pick<MeterLink, 'acknowledge'>;
}): Acknowledger {
  const heard = createRecentMap<string, Heard>(MAX_METERS);

  /** Only ever the newest number: receipts come late and twice. */
  function received(meterId: string, { keyEpoch, receiptNo, hi, used }: ShownWindow): void {
    const window = { keyEpoch, receiptNo, hi, used };
    const known = heard.get(meterId);
    if (known === undefined) heard.set(meterId, { shown: window });
    else if (isNewer(window, known.shown)) known.shown = window;
  }

  return {
    received,
    stands(status) {
      const { keyEpoch, ackedReceiptNo: receiptNo, floorSeq } = status;
      const meterId = String(status.meterId);
      received(meterId, status);
      const known = heard.get(meterId);
      if (known !== undefined) known.told = { keyEpoch, receiptNo, floorSeq };
    },
    async resolved(meter) {
      const { meterId } = meter;
      const known = heard.get(meterId);
      const answer = known === undefined ? undefined : acknowledgeable(known.shown, meter);
      if (known === undefined || answer === undefined || !raises(answer, known.told)) return;
      const before = known.told;
      known.told = answer;
      try {
        await ports.link.acknowledge(meterId, await ports.issuer.acknowledge({ meterId, ...answer }));
      } catch {
        // It did not leave: the next receipt that settles is answered all the same.
        if (known.told === answer) known.told = before;
      }
    },
    forget: heard.delete,
  };
}

const isNewer = (window: ShownWindow, known: ShownWindow): boolean =>
  window.keyEpoch > known.keyEpoch ||
  (window.keyEpoch === known.keyEpoch && window.receiptNo >= known.receiptNo);
