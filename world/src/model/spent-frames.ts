import { endsEpoch } from '@tapwatt/firmware-contracts';
import type { Bound } from './bound.ts';
import type { FrameBook } from './frame-book.ts';
import type { MeterStates } from './meter-states.ts';
import type { Protocol } from './protocol.ts';
import type { Soups } from './soups.ts';

interface Parts {
  readonly protocol: Pick<Protocol, 'readsAcknowledgedNumber'>;
  readonly bound: Bound;
  readonly frames: FrameBook;
  readonly meters: MeterStates;
  readonly soups: Soups;
}

/** Where frames are looked at: the meter's state, and the epoch in which its ledger is for good; 0 while it may still go back. */
interface Place {
  readonly meter: number;
  readonly ledgerEpoch: number;
}

/** Frames that can do nothing any more, whatever comes: states that differ by them alone are one (docs/model.md). */
export class SpentFrames {
  readonly #parts: Parts;
  readonly #left = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** What couriers hold, but for those frames. */
  without(soup: number, place: Place): number {
    const key = `${soup} ${place.meter} ${place.ledgerEpoch}`;
    const known = this.#left.get(key);
    if (known !== undefined) return known;
    const { soups } = this.#parts;
    const { vouchers, acknowledgements } = soups.at(soup);
    const left = soups.without(soup, [
      ...acknowledgements.filter((frame) => this.#isSpentAcknowledgement(frame, place.meter)),
      ...vouchers.filter((frame) => this.#isSpentVoucher(frame, place)),
    ]);
    this.#left.set(key, left);
    return left;
  }

  /** Epochs and, within one, floors only rise. */
  #isSpentAcknowledgement(number: number, meter: number): boolean {
    const { frames, meters, protocol } = this.#parts;
    if (protocol.readsAcknowledgedNumber) return false;
    const { keyEpoch, floorSeq } = meters.at(meter);
    const frame = frames.at(number);
    if (frame.type !== 'acknowledgement' || meters.acknowledge(meter, number) !== meter) return false;
    return frame.keyEpoch < keyEpoch || (frame.keyEpoch === keyEpoch && frame.floorSeq <= floorSeq);
  }

  /** Its epoch has ended for meter and ledger: the answer to it, which couriers have, is the last that says anything. */
  #isSpentVoucher(number: number, { meter, ledgerEpoch }: Place): boolean {
    const { bound, frames, meters } = this.#parts;
    const frame = frames.at(number);
    // Where windows are kept apart, an answer of tomorrow says something else.
    if (bound.figures === 'shown' || bound.figures === 'all') return false;
    if (frame.type !== 'voucher' || endsEpoch(frame.fields.kind)) return false;
    const { keyEpoch } = frame.fields;
    const hasEnded = keyEpoch < ledgerEpoch && keyEpoch < meters.at(meter).keyEpoch;
    return hasEnded && meters.show(meter, number).every(({ to }) => to === meter);
  }
}
