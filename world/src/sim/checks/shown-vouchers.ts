import { readShownVoucher } from '@tapwatt/chaincode';
import { VOUCHER_KIND, type VoucherFields } from '@tapwatt/firmware-contracts';
import type { Incarnation } from '../nodes/incarnation.ts';
import type { Books } from './books.ts';

/** An answer within this has surely come before the gateway takes the ledger to be away, ms. */
const IN_TIME_MS = 900;
const LONGEST_WAIT_MS = 1_000;

/**
 * I4: a voucher that a handset shows, and that the ledger says it never sold, one life of a gateway takes to the ledger, and
 * that halts.
 */
export class ShownVouchers {
  readonly #life: Incarnation;
  readonly #books: () => Books;
  /** Vouchers that the ledger did not have when it was last asked. */
  readonly #unknown = new Set<string>();
  readonly #told = new Set<string>();

  constructor(life: Incarnation, books: () => Books) {
    this.#life = life;
    this.#books = books;
  }

  /** The ledger is asked for this voucher; what it answers goes to what is returned. */
  asked(voucherId: string): (voucher: object | null) => void {
    const { time } = this.#life.world;
    const askedAtMs = time.now();
    this.#unknown.delete(voucherId);
    return (voucher) => {
      if (voucher === null && time.now() - askedAtMs < IN_TIME_MS) this.#unknown.add(voucherId);
    };
  }

  /** The gateway found it authentic. */
  read({ voucherId, kind }: VoucherFields): void {
    if (!this.#unknown.delete(voucherId) || kind !== VOUCHER_KIND.CREDIT) return;
    const { world, name } = this.#life;
    world.tally.did('unknown vouchers shown');
    const clock = this.#life.clock(() => 0);
    clock.after(LONGEST_WAIT_MS, () => {
      if (!this.#told.has(voucherId))
        world.violated('I4', `${name} was shown unknown voucher ${voucherId} and did not tell its ledger`);
    });
  }

  /** The gateway takes it to the ledger; what is returned is called when that has looked at it. */
  told(unsealed: string): () => void {
    const { voucherId, meterId } = readShownVoucher(unsealed);
    this.#told.add(voucherId);
    return () => this.#books().voucherShown(`${meterId}`, voucherId);
  }
}
