import type { VoucherRecord } from '@tapwatt/chaincode';
import type { World } from '../world.ts';

interface MeterBook {
  readonly meterId: string;
  readonly settled: string;
  readonly open: readonly { readonly voucherId: string; readonly amount: string }[];
}

const FINAL: ReadonlySet<string> = new Set(['REDEEMED', 'VOIDED']);

/** What follows a commit: who must look again. */
export interface BooksListener {
  meterChanged(meterId: string): void;
  voucherChanged(voucher: VoucherRecord, before: VoucherRecord | undefined): void;
}

/**
 * The ledger as it is durable at every moment, followed write by write from outside of every process: what a checker
 * holds meters and answers against.
 */
export class Books {
  readonly #world: World;
  readonly #meters = new Map<string, MeterBook>();
  readonly #vouchers = new Map<string, VoucherRecord>();
  readonly #bySeq = new Map<string, string>();
  listener: BooksListener | undefined;
  commits = 0;

  constructor(world: World) {
    this.#world = world;
  }

  meter(meterId: string): MeterBook | undefined {
    return this.#meters.get(meterId);
  }

  voucher(voucherId: string): VoucherRecord | undefined {
    return this.#vouchers.get(voucherId);
  }

  get vouchers(): Iterable<VoucherRecord> {
    return this.#vouchers.values();
  }

  /** The voucher that was issued under this number; none of it was ever issued where there is none. */
  voucherAt(meterId: string, keyEpoch: number, seq: number): VoucherRecord | undefined {
    const voucherId = this.#bySeq.get(`${meterId}~${keyEpoch}~${seq}`);
    return voucherId === undefined ? undefined : this.#vouchers.get(voucherId);
  }

  get openCount(): number {
    let count = 0;
    for (const meter of this.#meters.values()) count += meter.open.length;
    return count;
  }

  /** State keys and their values that are durable from now on. */
  committed(writes: readonly (readonly [key: string, value: string])[]): void {
    this.commits += 1;
    const changes: (() => void)[] = [];
    for (const [key, value] of writes) {
      if (key.startsWith('MTR~')) changes.push(this.#takeMeter(JSON.parse(value)));
      if (key.startsWith('VCH~')) changes.push(this.#takeVoucher(JSON.parse(value)));
    }
    for (const change of changes) change();
  }

  #takeMeter(meter: MeterBook): () => void {
    this.#meters.set(meter.meterId, meter);
    return () => this.listener?.meterChanged(meter.meterId);
  }

  #takeVoucher(voucher: VoucherRecord): () => void {
    const before = this.#vouchers.get(voucher.voucherId);
    this.#vouchers.set(voucher.voucherId, voucher);
    const { meterId, keyEpoch, seq, voucherId, status } = voucher;
    const place = `${meterId}~${keyEpoch}~${seq}`;
    const other = this.#bySeq.get(place);
    if (other !== undefined && other !== voucherId) {
      this.#world.violated('I3', `vouchers ${other} and ${voucherId} have one number, ${place}`);
    }
    this.#bySeq.set(place, voucherId);
    if (before?.status !== status) this.#world.trace.note('ledger', `${voucherId} is ${status}`);
    if (before !== undefined && FINAL.has(before.status) && before.status !== status) {
      this.#world.violated('I3', `voucher ${voucherId} went from ${before.status} to ${status}`);
    }
    return () => this.listener?.voucherChanged(voucher, before);
  }
}
