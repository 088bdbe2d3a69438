import type {
  BreakRecord,
  LedgerRecord,
  MeterFigures,
  OrderRecord,
  OrphanRecord,
  PendingOrder,
  VoucherRecord,
} from '@tapwatt/chaincode';
import type { World } from '../world.ts';
import { checkWindow, type MeterWindowBook } from './bounds.ts';
import { DoubleEntry } from './double-entry.ts';
import { Rights } from './rights.ts';
import type { Secrets } from './secrets/secrets.ts';

/** What a meter's record says that a checker needs (`MTR~id`). */
export interface MeterBook extends MeterWindowBook {
  readonly meterId: string;
  readonly settled: string;
  readonly orphaned: string;
  /** Given back without proof and not proved since: the meter may have credited it, or may still. */
  readonly unproven: string;
  /** The newest figures of its own that it has shown. */
  readonly seen?: MeterFigures;
  readonly order?: PendingOrder;
  readonly quarantine?: string;
  readonly suspended: boolean;
  readonly closed: boolean;
  /** The newest epoch in which it showed what this ledger never did. */
  readonly aheadIn?: number;
  readonly cleared?: { readonly restores: number };
}

type Rows = readonly (readonly [key: string, value: string])[];

const FINAL: ReadonlySet<string> = new Set(['REDEEMED', 'VOIDED']);

/** What an acknowledgement says of its meter's receipts (WIRE.md, "Acknowledgement"). */
export interface Acknowledged {
  readonly meterId: string;
  readonly keyEpoch: number;
  readonly receiptNo: number;
}

/** What follows a commit: who must look again. */
export interface BooksListener {
  meterChanged(meterId: string, books: Books): void;
  voucherChanged(voucher: VoucherRecord, before: VoucherRecord | undefined, books: Books): void;
  /** By these books a meter's receipts are acknowledged up to this number. */
  acknowledged(of: Acknowledged, books: Books): void;
  /** An order of these books has ended its meter's epoch. */
  orderDone(order: OrderRecord): void;
}

/**
 * The ledger as it is durable at every moment, followed write by write from outside of every process: what a checker
 * holds meters and answers against.
 */
export class Books {
  readonly #world: World;
  #meters = new Map<string, MeterBook>();
  #vouchers = new Map<string, VoucherRecord>();
  #orphans = new Map<string, OrphanRecord>();
  #bySeq = new Map<string, string>();
  #ledger: Partial<LedgerRecord> = {};
  /** By meter, the epochs that an order of this ledger has ended. */
  #endedEpochs = new Set<string>();
  /** The transaction that answered each request. */
  #requests = new Map<string, string>();
  readonly #doubleEntry: DoubleEntry;
  readonly #rights: Rights;
  /** Told of what will be secret before anything else sees it. */
  secrets: Secrets | undefined;
  listener: BooksListener | undefined;
  commits = 0;

  constructor(world: World) {
    this.#world = world;
    this.#doubleEntry = new DoubleEntry(world);
    this.#rights = new Rights(world);
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

  vouchersThatAre(...statuses: readonly VoucherRecord['status'][]): readonly VoucherRecord[] {
    return [...this.vouchers].filter(({ status }) => statuses.includes(status));
  }

  get orphans(): Iterable<OrphanRecord> {
    return this.#orphans.values();
  }

  orphan(meterId: string, voucherId: string): OrphanRecord | undefined {
    return this.#orphans.get(nameOfOrphan({ meterId, voucherId }));
  }

  /** Whether it remembers a request; after a restore, only those since. */
  hasRequest(kid: string, requestId: string): boolean {
    return this.#requests.has(`REQ~${kid}~${requestId}`);
  }

  get isHalted(): boolean {
    return this.#ledger.halted !== undefined;
  }

  /** Whether this ledger still looks for what it may have forgotten of a meter. */
  isUncleared(meterId: string): boolean {
    return (this.#ledger.restores ?? 0) > (this.#meters.get(meterId)?.cleared?.restores ?? 0);
  }

  get openCount(): number {
    let count = 0;
    for (const meter of this.#meters.values()) count += meter.open.length;
    return count;
  }

  acknowledged(of: Acknowledged): void {
    this.listener?.acknowledged(of, this);
  }

  /** Books of a copy of this ledger as it is now. */
  copy(): Books {
    const copy = new Books(this.#world);
    copy.become(this);
    return copy;
  }

  /** The ledger is another copy from now on. */
  become(other: Books): void {
    this.#meters = new Map(other.#meters);
    this.#vouchers = new Map(other.#vouchers);
    this.#orphans = new Map(other.#orphans);
    this.#bySeq = new Map(other.#bySeq);
    this.#requests = new Map(other.#requests);
    this.#endedEpochs = new Set(other.#endedEpochs);
    this.#ledger = other.#ledger;
    this.#doubleEntry.become(other.#doubleEntry);
    this.#rights.become(other.#rights);
    this.secrets = other.secrets;
  }

  /** The ledger is the one with these rows from now on. */
  load(rows: Rows): void {
    this.#meters = recordsOf<MeterBook>(rows, 'MTR~', ({ meterId }) => meterId);
    this.#vouchers = recordsOf<VoucherRecord>(rows, 'VCH~', ({ voucherId }) => voucherId);
    this.#orphans = recordsOf<OrphanRecord>(rows, 'ORP~', nameOfOrphan);
    this.#bySeq = new Map([...this.#vouchers].map(([voucherId, voucher]) => [placeOf(voucher), voucherId]));
    // A restored ledger has forgotten answers: a request may have another one then.
    this.#requests = new Map();
    const orders = recordsOf<OrderRecord>(rows, 'ORD~', ({ voucherId }) => voucherId);
    this.#endedEpochs = new Set();
    for (const order of orders.values()) this.#takeOrder(order);
    this.#ledger = recordsOf<LedgerRecord>(rows, 'LDG~', () => '').get('') ?? {};
    this.#doubleEntry.forget();
    const records = rows.map(([key, value]) => [key, JSON.parse(value)] as const);
    this.#doubleEntry.committed(records);
    this.#rights.load(records);
  }

  /** State keys and their values that are durable from now on. */
  committed(writes: Rows): void {
    this.commits += 1;
    const records = writes.map(([key, value]) => [key, JSON.parse(value)] as const);
    const changes: (() => void)[] = [];
    for (const [key, record] of records) {
      if (key.startsWith('LDG~')) this.#takeLedger(record);
      if (key.startsWith('MTR~')) changes.push(this.#takeMeter(record));
      if (key.startsWith('VCH~')) changes.push(this.#takeVoucher(record));
      if (key.startsWith('BRK~')) changes.push(() => this.#takeBreak(record));
      if (key.startsWith('ORD~')) changes.push(this.#takeOrder(record));
      if (key.startsWith('REQ~')) this.#takeRequest(key, record);
    }
    this.#doubleEntry.committed(records);
    this.#rights.committed(records);
    for (const change of changes) change();
    // What is sold in the same commit may have been sold before an orphan was known.
    for (const [key, record] of records) if (key.startsWith('ORP~')) this.#takeOrphan(record);
  }

  #takeLedger(ledger: LedgerRecord): void {
    if (ledger.halted !== undefined && !this.isHalted) {
      this.#world.tally.did('halts');
      this.#world.trace.note('ledger', `halted: ${ledger.halted.what} at ${ledger.halted.meterId}`);
    }
    this.#ledger = ledger;
  }

  #takeOrphan(orphan: OrphanRecord): void {
    const key = nameOfOrphan(orphan);
    const before = this.#orphans.get(key);
    this.#orphans.set(key, orphan);
    if (before === undefined) this.#world.tally.did(orphan.remainder === true ? 'remainders' : 'orphans');
    if (before === undefined && orphan.remainder !== true)
      this.#requireHalted(orphan.meterId, `voucher ${orphan.voucherId}, which is unknown`);
    if (before?.status === orphan.status) return;
    const { voucherId, meterId, amount, status } = orphan;
    this.#world.trace.note('ledger', `orphan ${voucherId} at ${meterId} of ${amount} is ${status}`);
  }

  #takeOrder(order: OrderRecord): () => void {
    this.secrets?.knowOrder(order);
    if (order.status !== 'DONE') return () => undefined;
    this.#endedEpochs.add(`${order.meterId}~${order.keyEpoch}`);
    return () => this.listener?.orderDone(order);
  }

  #takeBreak({ what, meterId, voucherId }: BreakRecord): void {
    this.#world.tally.did(`evidence ${what}`);
    if (what === 'conflict') this.#requireHalted(meterId, `another voucher under the number of ${voucherId}`);
  }

  /** What a request was answered is never written over (I4). */
  #takeRequest(key: string, { txId }: { readonly txId: string }): void {
    const before = this.#requests.get(key);
    if (before !== undefined && before !== txId)
      this.#world.violated('I4', `${key} was answered by ${before}, and again by ${txId}`);
    this.#requests.set(key, txId);
  }

  #takeMeter(meter: MeterBook): () => void {
    const before = this.#meters.get(meter.meterId);
    this.#meters.set(meter.meterId, meter);
    this.secrets?.knowEpoch(meter.meterId, meter.keyEpoch);
    checkWindow(this.#world, meter);
    if (before?.cleared?.restores !== meter.cleared?.restores) this.#world.tally.did('meters cleared');
    return () => {
      if (before?.aheadIn !== meter.aheadIn && meter.aheadIn !== undefined)
        this.#requireHalted(meter.meterId, `what this ledger never did in epoch ${meter.aheadIn}`);
      const hasMoved = before !== undefined && meter.keyEpoch > before.keyEpoch;
      if (hasMoved && !this.#endedEpochs.has(`${meter.meterId}~${meter.keyEpoch - 1}`))
        this.#requireHalted(
          meter.meterId,
          `the end of an epoch before ${meter.keyEpoch} that nobody here ordered`,
        );
      this.listener?.meterChanged(meter.meterId, this);
    };
  }

  /** A handset showed this voucher, and the ledger has looked at it. */
  voucherShown(meterId: string, voucherId: string): void {
    const isKnown = this.voucher(voucherId) !== undefined || this.orphan(meterId, voucherId) !== undefined;
    if (!isKnown) this.#requireHalted(meterId, `voucher ${voucherId}, which is unknown`, 'a handset');
  }

  /** Where no restore explains what a meter or a handset shows, there is another copy: nothing more is sold then. */
  #requireHalted(meterId: string, shown: string, witness = `meter ${meterId}`): void {
    const isExplained = (this.#ledger.restores ?? 0) > 0 || this.#meters.get(meterId)?.suspended === true;
    if (isExplained || this.isHalted) return;
    this.#world.violated('I4', `${witness} showed ${shown}, and nothing halted`);
  }

  #takeVoucher(voucher: VoucherRecord): () => void {
    const before = this.#vouchers.get(voucher.voucherId);
    this.#vouchers.set(voucher.voucherId, voucher);
    this.secrets?.knowVoucher(voucher);
    const { voucherId, status } = voucher;
    const place = placeOf(voucher);
    const other = this.#bySeq.get(place);
    if (other !== undefined && other !== voucherId) {
      this.#world.violated('I3', `vouchers ${other} and ${voucherId} have one number, ${place}`);
    }
    this.#bySeq.set(place, voucherId);
    const { release, released } = voucher;
    if (released !== undefined && (release === undefined || release.by === released.by)) {
      this.#world.violated('I3', `voucher ${voucherId} was released by ${released.by} alone`);
    }
    if (before?.status !== status) this.#world.trace.note('ledger', `${voucherId} is ${status}`);
    if (before !== undefined && FINAL.has(before.status) && before.status !== status) {
      this.#world.violated('I3', `voucher ${voucherId} went from ${before.status} to ${status}`);
    }
    return () => this.listener?.voucherChanged(voucher, before, this);
  }
}

const nameOfOrphan = ({ meterId, voucherId }: Pick<OrphanRecord, 'meterId' | 'voucherId'>): string =>
  `${meterId}~${voucherId}`;

/** A voucher's number: a ledger gives it out once. */
export const placeOf = ({
  meterId,
  keyEpoch,
  seq,
}: Pick<VoucherRecord, 'meterId' | 'keyEpoch' | 'seq'>): string => `${meterId}~${keyEpoch}~${seq}`;

const recordsOf = <R>(rows: Rows, prefix: string, nameOf: (record: R) => string): Map<string, R> =>
  new Map(
    rows
      .filter(([key]) => key.startsWith(prefix))
      .map(([, value]) => JSON.parse(value) as R)
      .map((record) => [nameOf(record), record]),
  );
