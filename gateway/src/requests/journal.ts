import type { ErrorCode } from '@tapwatt/firmware-contracts';

/** What a gateway remembers of a request that spends nothing and so is not on the ledger. */
export interface JournalEntry {
  /** SHA-256 of the request's payload, lower-case hex. */
  readonly payloadHash: string;
  readonly op: string;
  readonly voucherId?: string;
  /** This gateway refused it for good before it came to the ledger. */
  readonly refused?: ErrorCode;
}

/**
 * Remembers which payload a (kid, requestId) stood for, so that a requestId used again with other content is
 * refused. What spends money is remembered on the ledger instead.
 */
export interface RequestJournal {
  find(kid: string, requestId: string): JournalEntry | undefined;
  /** Whether what `find` does not find was never recorded: while its disk cannot be read nobody knows. */
  canTell(): boolean;
  /**
   * Written before the request is acted upon; survives a kill of the process, and what is refused a power cut too. Throws
   * DISK_FULL where a refusal, or too much of the rest, cannot be written.
   */
  record(kid: string, requestId: string, entry: JournalEntry): Promise<void>;
  close(): Promise<void>;
}
