/** What we use of the stub that Fabric gives a transaction: every read and write is a round trip to the peer. */
export interface Stub {
  getTxID(): string;
  getCreator(): { readonly mspid: string; readonly idBytes: Uint8Array };
  getState(key: string): Promise<Uint8Array>;
  putState(key: string, value: Uint8Array): Promise<void>;
  getStateByRangeWithPagination(
    startKey: string,
    endKey: string,
    pageSize: number,
  ): Promise<{ readonly iterator: StubIterator<{ readonly key: string; readonly value: Uint8Array }> }>;
  getHistoryForKey(key: string): Promise<StubIterator<{ readonly txId: string; readonly value: Uint8Array }>>;
  setEvent(name: string, payload: Uint8Array): void;
}

/** Fabric's own: the last value may come together with `done`. */
export interface StubIterator<T> {
  next(): Promise<{ readonly value?: T; readonly done?: boolean }>;
  close(): Promise<void>;
}
