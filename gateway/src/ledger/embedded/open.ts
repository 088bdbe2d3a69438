import type { KeyObject } from 'node:crypto';
import type { GenesisRequest } from '@tapwatt/chaincode';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { blockSigner } from './block.ts';
import { chaincodeRules } from './chaincode-rules.ts';
import { classicLevelPlace } from './classic-level-storage.ts';
import type { EmbeddedLedger } from './embedded-ledger.ts';
import { Engine } from './engine.ts';
import { createLedger } from './genesis.ts';
import { DEFAULT_LIMITS, type EmbeddedLimits } from './limits.ts';
import { OpenedLedger } from './opened-ledger.ts';
import { Pace } from './pace.ts';
import type { LedgerRules } from './rules.ts';
import type { Scheduler } from './scheduler.ts';
import { openSession } from './session.ts';
import type { LedgerCondition } from './stats.ts';
import type { Storage, StoragePlace } from './storage.ts';
import { systemMonotonic, systemScheduler } from './system-time.ts';

const MS_PER_SECOND = 1000;

export interface EmbeddedLedgerOptions {
  /** Where the LevelDB files are; made if need be. */
  readonly directory: string;
  /** Ed25519 private key that signs blocks. */
  readonly signingKey: KeyObject;
  /** Makes the ledger if there is none; must name the same ledger if there is one. */
  readonly genesis?: GenesisRequest | undefined;
  /** `now` in Unix milliseconds; `monotonic` in milliseconds, for measuring. */
  readonly clock: { now(): number; monotonic?(): number };
  /** For transaction ids. */
  readonly random: { bytes(length: number): Uint8Array };
  readonly limits?: Partial<EmbeddedLimits> | undefined;
  /** Told of every failure of the storage and of its end. */
  readonly onCondition?: (condition: LedgerCondition, error?: unknown) => void;
  /** The money rules, the disk and the timers, where they are not the real ones. */
  readonly rules?: LedgerRules;
  readonly place?: StoragePlace;
  readonly scheduler?: Scheduler;
}

/**
 * Opens the embedded ledger (DESIGN.md, "The ledger"), or makes it from `genesis`.
 *
 * Throws `TapwattError` DATA_LOCKED (another process has it), DATA_DAMAGED (what is wrong and what to do), DATA_VERSION,
 * DISK_FULL, LEDGER_UNAVAILABLE, CONFIG_INVALID (another ledger is there) or NOT_FOUND (nothing is, and no genesis).
 */
export const openEmbeddedLedger = async (options: EmbeddedLedgerOptions): Promise<EmbeddedLedger> => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { genesis, random, rules = chaincodeRules, scheduler = systemScheduler } = options;
  const { place = classicLevelPlace(options.directory), onCondition = () => undefined } = options;
  const monotonic = () => options.clock.monotonic?.() ?? systemMonotonic();
  const clock = { monotonic, now: () => options.clock.now() };
  const signer = blockSigner(options.signingKey);
  const pace = new Pace({ clock, scheduler, sliceMs: limits.sliceMs });
  const at = Math.floor(clock.now() / MS_PER_SECOND);
  const create =
    genesis && ((storage: Storage) => createLedger(storage, { genesis, rules, signer, pace, at }));
  const opening = { place, signer, limits };
  const session = await openSession({ ...opening, create });
  const { ledgerId } = session.meta;
  if (genesis !== undefined && genesis.ledgerId !== ledgerId) {
    await session.storage.close();
    throw new TapwattError(
      'CONFIG_INVALID',
      `${place.name} holds ledger ${ledgerId}, not ${genesis.ledgerId}.`,
    );
  }
  const open = () => openSession(opening);
  const engine = new Engine({ session, open, rules, signer, clock, scheduler, limits, onCondition });
  return new OpenedLedger({ engine, meta: session.meta, place, rules, pace, limits, random });
};
