import {
  answerTap,
  beginTap,
  bytesToHex,
  planTap,
  type TapState,
  type TapStep,
  tellsLedger,
} from '@tapwatt/firmware-contracts';
import { afterTap, planFor, withAcknowledgement, withVoucher } from './bag.ts';
import type { BagStore } from './bag-store.ts';

export interface CourierPorts {
  readonly bag: BagStore;
  /** Receipts that are already stored to be handed in, lower-case hex. */
  readonly inHand: () => ReadonlySet<string>;
  /** Stores these receipts durably, to be handed in when there is a network. */
  readonly handIn: (receipts: readonly string[]) => void;
}

/**
 * The courier in a handset: it shows the vouchers that it holds, carries receipts away, its own and other people's, and
 * brings acknowledgements back. It needs no network for a tap, and it keeps no money: losing it loses nothing.
 */
export class Courier {
  readonly #ports: CourierPorts;

  constructor(ports: CourierPorts) {
    this.#ports = ports;
  }

  /** Holds a sealed voucher (72 bytes, lower-case hex) for its meter. Throws BUSY where the bag is full, or the store's error. */
  keep(voucher: string): void {
    const { bag } = this.#ports;
    bag.save(withVoucher(bag.load(), voucher));
  }

  /** Holds acknowledgements (28 bytes each, lower-case hex) for their meters. Throws the store's error. */
  carryBack(acknowledgements: readonly string[]): void {
    const { bag } = this.#ports;
    bag.save(acknowledgements.reduce(withAcknowledgement, bag.load()));
  }

  /** A meter is in the field. */
  begin(): TapStep {
    return beginTap();
  }

  /**
   * Goes on after a response, `undefined` where the meter was taken away. When the tap ends, whichever way, its receipts
   * are stored before anything is forgotten. Throws the store's error.
   */
  answer(state: TapState, response: Uint8Array | undefined): TapStep {
    const heard = answerTap(state, response);
    const { meter, isPlanned, end } = heard.state;
    const isWaiting = end === undefined && meter !== undefined && !isPlanned;
    const step = isWaiting
      ? planTap(heard.state, planFor(this.#ports.bag.load(), meter.status.meterId.toString()))
      : heard;
    if (step.state.end !== undefined) this.#finish(step.state);
    return step;
  }

  #finish(state: TapState): void {
    const { bag, inHand, handIn } = this.#ports;
    const known = inHand();
    const news = new Set(
      state.receipts
        .filter(tellsLedger)
        .map(bytesToHex)
        .filter((receipt) => !known.has(receipt)),
    );
    if (news.size > 0) handIn([...news]);
    bag.save(afterTap(bag.load(), state));
  }
}
