import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { rawPublicKey, TapwattError } from '@tapwatt/firmware-contracts';
import { chaincodeRules } from './chaincode-rules.ts';
import { classicLevelPlace } from './classic-level-storage.ts';
import { readHead, readMeta } from './head.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { Pace } from './pace.ts';
import type { LedgerRules } from './rules.ts';
import type { Scheduler } from './scheduler.ts';
import type { StoragePlace } from './storage.ts';
import { damaged } from './storage-error.ts';
import { systemMonotonic, systemScheduler } from './system-time.ts';
import { type VerifyOptions, type VerifyResult, verifyLedger } from './verify.ts';

export interface VerifyDirectoryOptions extends VerifyOptions {
  readonly directory: string;
  /** The ledger's key, private or public. Without it the blocks are held against the key that the directory names. */
  readonly key?: KeyObject;
  readonly rules?: LedgerRules;
  readonly place?: StoragePlace;
  readonly scheduler?: Scheduler;
}

/**
 * Verifies a ledger that is not running, also one that does not open any more.
 *
 * Throws `TapwattError` NOT_FOUND, DATA_LOCKED, and DATA_DAMAGED where not even its head can be read.
 */
export const verifyLedgerDirectory = async (options: VerifyDirectoryOptions): Promise<VerifyResult> => {
  const { directory, key, rules = chaincodeRules, scheduler = systemScheduler } = options;
  const { place = classicLevelPlace(directory) } = options;
  if (!(await place.exists())) throw new TapwattError('NOT_FOUND', `There is no ledger in ${place.name}.`);
  const view = await place.open();
  try {
    const [stored, head] = [readMeta(view), readHead(view)];
    if (stored === undefined || head === undefined) throw damaged(`${place.name} holds no whole ledger.`);
    const publicKey = key === undefined ? stored.publicKey : rawPublicKey(createPublicKey(key));
    const meta = { ...stored, publicKey };
    const scratch = () => place.scratch();
    const pace = new Pace({
      clock: { monotonic: systemMonotonic },
      scheduler,
      sliceMs: DEFAULT_LIMITS.sliceMs,
    });
    return await verifyLedger({ view, meta, head, rules, pace, scratch }, options);
  } finally {
    await view.close();
  }
};
