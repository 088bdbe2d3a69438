/** One row to write: text, or bytes for a block. */
export interface StorageWrite {
  readonly key: string;
  readonly value: string | Uint8Array;
}

export interface RangeBounds {
  readonly gte: string;
  readonly lt: string;
  readonly limit?: number;
}

/** Reading rows, as of now (`Storage`) or as of one moment (a snapshot). Every read may throw a `StorageError`. */
export interface StorageView {
  get(key: string): string | undefined;
  getBytes(key: string): Uint8Array | undefined;
  /** Text rows in key order. */
  range(bounds: RangeBounds): AsyncIterable<readonly [key: string, value: string]>;
}

export interface StorageSnapshot extends StorageView {
  close(): void;
}

/**
 * What the embedded ledger needs of a disk: atomic batches, and reads that show a batch only when it is durable.
 *
 * `commit` with `sync` resolves when the whole batch survives a power cut; a batch that failed may be there or not
 * after the next open, but never in part. Throws `StorageError`.
 */
export interface Storage extends StorageView {
  commit(writes: readonly StorageWrite[], options: { readonly sync: boolean }): Promise<void>;
  snapshot(): StorageSnapshot;
  /** Bytes on disk, roughly. */
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Where one ledger lives. */
export interface StoragePlace {
  /** For messages: the directory. */
  readonly name: string;
  /** Whether rows may be there already; throws `StorageError` DATA_DAMAGED if only the remains of some are. */
  exists(): Promise<boolean>;
  open(): Promise<Storage>;
  /** An empty storage beside the data, bigger than memory, gone when it is closed. */
  scratch(): Promise<Storage>;
}
