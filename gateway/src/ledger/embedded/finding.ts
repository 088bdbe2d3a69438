import { StorageError } from './storage-error.ts';

/** The first thing in a ledger that is not as it must be. */
export interface Finding {
  readonly block?: number;
  readonly txId?: string;
  /** The storage's row, such as `s!VCH~…` (state), `h!…` (history), `t!…` and `i!…` (transaction ids). */
  readonly row?: string;
  readonly problem: string;
}

/** Ends a check at its first finding. */
class DamageFound extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.problem);
    this.finding = finding;
  }
}

export const found = (finding: Finding): DamageFound => new DamageFound(finding);

/** Runs a check and gives what it found first. Throws what is no finding: a disk that fails, an abort. */
export const findingOf = async (check: () => Promise<void>): Promise<Finding | undefined> => {
  try {
    await check();
    return undefined;
  } catch (error) {
    if (error instanceof DamageFound) return error.finding;
    if (error instanceof StorageError && error.code === 'DATA_DAMAGED') return { problem: error.message };
    throw error;
  }
};
