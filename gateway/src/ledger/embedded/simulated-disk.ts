import { RowTable } from './row-table.ts';
import type {
  RangeBounds,
  Storage,
  StoragePlace,
  StorageSnapshot,
  StorageView,
  StorageWrite,
} from './storage.ts';
import { StorageError, type StorageErrorCode } from './storage-error.ts';

/** What happens to a synced write: its rows are on the disk or not, and it says so or fails. */
export type SyncFault =
  | { readonly kind: 'none' }
  /** Fails; the next open finds the rows (`kept`) or not, as with a lost answer or a torn log record. */
  | { readonly kind: 'fail'; readonly kept: boolean; readonly code: StorageErrorCode };

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

const textOf = (value: string | Uint8Array | undefined): string | undefined =>
  value instanceof Uint8Array ? fromUtf8.decode(value) : value;

/**
 * A disk in memory that behaves as badly as real ones do, for tests and simulations: it loses what was not synced,
 * fails or delays chosen writes, is full, and can be crashed at any moment. What it held survives in this object.
 */
export class SimulatedDisk implements StoragePlace {
  readonly name = 'simulated disk';
  /** Decides every synced write; may take its time. */
  onSync: (write: number, rows: readonly StorageWrite[]) => Promise<SyncFault> = async () => ({
    kind: 'none',
  });
  /** Told of rows that are on the disk from now on, before anybody is answered. */
  onDurable: (rows: readonly StorageWrite[]) => void = () => undefined;
  /** Throws to make an open fail. */
  onOpen: () => Promise<void> = async () => undefined;
  /** Throws to make a read fail. */
  onRead: (key: string) => void = () => undefined;
  readonly #durable: RowTable;
  #writes = 0;
  #session: SimulatedStorage | undefined;

  constructor(durable: RowTable = new RowTable()) {
    this.#durable = durable;
  }

  /** What would be there after a power cut. */
  get durable(): RowTable {
    return this.#durable.copy();
  }

  /** The same for reading: of this moment, whoever has the disk open. */
  afterPowerCut(): StorageSnapshot {
    return new SimulatedSnapshot(this.#durable.copy(), () => undefined);
  }

  /** Another disk that holds what would be there after a power cut. */
  copy(): SimulatedDisk {
    return new SimulatedDisk(this.durable);
  }

  async exists(): Promise<boolean> {
    return this.#durable.size > 0;
  }

  async open(): Promise<Storage> {
    await this.onOpen();
    if (this.#session !== undefined) throw new StorageError('DATA_LOCKED', 'The simulated disk is in use.');
    this.#session = new SimulatedStorage(this.#durable.copy(), {
      read: (key) => this.onRead(key),
      sync: (rows) => this.#sync(rows),
      closed: () => {
        this.#session = undefined;
      },
    });
    return this.#session;
  }

  async scratch(): Promise<Storage> {
    return new SimulatedStorage(new RowTable(), {
      read: () => undefined,
      sync: async () => undefined,
      closed: () => undefined,
    });
  }

  /** The power goes: whoever had the disk open can do nothing any more, and what was not synced is gone. */
  crash(): void {
    this.#session?.cut();
    this.#session = undefined;
  }

  /** Overwrites a row behind the ledger's back; `undefined` removes it. */
  tamper(key: string, value: string | Uint8Array | undefined): void {
    if (value === undefined) this.#durable.remove(key);
    else this.#durable.write([{ key, value }]);
  }

  async #sync(rows: readonly StorageWrite[]): Promise<void> {
    const session = this.#session;
    const fault = await this.onSync(this.#writes++, rows);
    if (session !== this.#session) throw new StorageError('LEDGER_UNAVAILABLE', 'The power was cut.');
    if (fault.kind === 'none' || fault.kept) {
      this.#durable.write(rows);
      this.onDurable(rows);
    }
    if (fault.kind === 'fail') throw new StorageError(fault.code, 'The simulated disk failed.');
  }
}

class SimulatedView implements StorageView {
  protected readonly rows: RowTable;
  protected readonly onRead: (key: string) => void;
  protected gone = false;

  constructor(rows: RowTable, read: (key: string) => void) {
    this.rows = rows;
    this.onRead = read;
  }

  get(key: string): string | undefined {
    return textOf(this.#read(key));
  }

  getBytes(key: string): Uint8Array | undefined {
    const value = this.#read(key);
    return typeof value === 'string' ? utf8.encode(value) : value;
  }

  async *range(bounds: RangeBounds): AsyncIterable<readonly [string, string]> {
    this.requireThere();
    const rows = this.rows.copy();
    for (const key of rows.keysIn(bounds)) {
      this.requireThere();
      this.onRead(key);
      yield [key, textOf(rows.get(key)) ?? ''];
    }
  }

  protected requireThere(): void {
    if (this.gone) throw new StorageError('LEDGER_UNAVAILABLE', 'The simulated disk is closed.');
  }

  #read(key: string): string | Uint8Array | undefined {
    this.requireThere();
    this.onRead(key);
    return this.rows.get(key);
  }
}

class SimulatedSnapshot extends SimulatedView implements StorageSnapshot {
  close(): void {
    this.gone = true;
  }
}

interface DiskSide {
  readonly read: (key: string) => void;
  readonly sync: (rows: readonly StorageWrite[]) => Promise<void>;
  readonly closed: () => void;
}

class SimulatedStorage extends SimulatedView implements Storage {
  readonly #disk: DiskSide;

  constructor(rows: RowTable, disk: DiskSide) {
    super(rows, disk.read);
    this.#disk = disk;
  }

  async commit(writes: readonly StorageWrite[], { sync }: { readonly sync: boolean }): Promise<void> {
    this.requireThere();
    if (sync) await this.#disk.sync(writes);
    this.requireThere();
    this.rows.write(writes);
  }

  snapshot(): StorageSnapshot {
    this.requireThere();
    return new SimulatedSnapshot(this.rows.copy(), this.onRead);
  }

  async size(): Promise<number> {
    return this.rows.size;
  }

  cut(): void {
    this.gone = true;
  }

  async close(): Promise<void> {
    if (!this.gone) this.#disk.closed();
    this.gone = true;
  }
}
