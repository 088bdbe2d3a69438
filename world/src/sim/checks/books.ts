import type { PendingOrder, VoucherRecord } from '@tapwatt/chaincode';
import type { World } from '../world.ts';
import { checkWindow, type MeterWindowBook } from './bounds.ts';
import { DoubleEntry } from './double-entry.ts';
import type { Secrets } from './secrets/secrets.ts';

interface MeterBook extends MeterWindowBook {
  readonly meterId: string;
  readonly settled: string;
  /** Given back without proof and not proved since: the meter may have credited it, or may still. */
  readonly unproven: string;
  readonly order?: PendingOrder;
  readonly quarantine?: string;
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
  readonly #doubleEntry: DoubleEntry;
  /** Told of what will be secret before anything else sees it. */
  secrets: Secrets | undefined;
  listener: BooksListener | undefined;
  commits = 0;

  constructor(world: World) {
    this.#world = world;
    this.#doubleEntry = new DoubleEntry(world);
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
    const records = writes.map(([key, value]) => [key, JSON.parse(value)] as const);
    const changes: (() => void)[] = [];
    for (const [key, record] of records) {
      if (key.startsWith('MTR~')) changes.push(this.#takeMeter(record));
      if (key.startsWith('VCH~')) changes.push(this.#takeVoucher(record));
      if (key.startsWith('ORD~')) this.secrets?.knowOrder(record);
    }
    this.#doubleEntry.committed(records);
    for (const change of changes) change();
  }

  #takeMeter(meter: MeterBook): () => void {
    this.#meters.set(meter.meterId, meter);
    this.secrets?.knowEpoch(meter.meterId, meter.keyEpoch);
    checkWindow(this.#world, meter);
    return () => this.listener?.meterChanged(meter.meterId);
  }

  #takeVoucher(voucher: VoucherRecord): () => void {
    const before = this.#vouchers.get(voucher.voucherId);
    this.#vouchers.set(voucher.voucherId, voucher);
    this.secrets?.knowVoucher(voucher);
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
