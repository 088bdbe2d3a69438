import { createPublicKey, type KeyObject } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rawPublicKey, TapwattError } from '@tapwatt/firmware-contracts';
import type { DataLayout } from '../data/layout.ts';
import { finishReplacement, replaceLedger } from '../data/replaced-ledger.ts';
import {
  classicLevelPlace,
  headOf,
  loadRows,
  type StorageWrite,
  verifyLedgerDirectory,
} from '../ledger/embedded/index.ts';
import { type BackupFile, openBackupFile } from './backup-file.ts';
import { damagedBackup } from './damaged-backup.ts';
import type { Manifest } from './manifest.ts';
import { recordRestore } from './record-restore.ts';

export interface RestoreOptions {
  readonly file: string;
  readonly layout: DataLayout;
  readonly ledgerKey: KeyObject;
  /** In whose name the restore is recorded on the ledger; registered there as a gateway. */
  readonly gatewayId: string;
  readonly clock: { nowMs(): number };
  readonly random: (length: number) => Uint8Array;
  /** Also replays every transaction and compares the whole state, not only chain, signatures and hashes. */
  readonly full: boolean;
  readonly onProgress: (progress: RestoreProgress) => void;
}

export interface RestoreProgress {
  readonly phase: 'check' | 'load' | 'verify' | 'replace';
  readonly done: number;
  readonly of: number;
}

export interface Restored {
  readonly manifest: Manifest;
  /** How many restores this ledger has seen. */
  readonly restores: number;
  /** Name, in the data directory, of the ledger that was there before. */
  readonly kept: string | undefined;
  /** The newest block of that ledger, where it could be read and is the same ledger. */
  readonly keptHead: number | undefined;
}

const FRESH = 'ledger.restoring-';

/**
 * Makes a backup the ledger of a data directory, in quarantine: its first new block records the restore. The ledger
 * that was there is kept aside. Until the last step nothing of it is touched, and a crash leaves it whole.
 *
 * Throws NOT_FOUND, DATA_DAMAGED (the backup, or its chain), KEY_FILE (another ledger's key), DATA_LOCKED, DISK_FULL.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  const { layout, onProgress } = options;
  await finishReplacement(layout);
  await removeStale(layout);
  const backup = await openBackupFile(options.file, (done, of) => onProgress({ phase: 'check', done, of }));
  const { manifest } = backup;
  requireKey(manifest, options.ledgerKey);
  const present = await presentLedger(layout, manifest);
  const stamp = Buffer.from(options.random(6)).toString('hex');
  const restores = await prepare(join(layout.directory, FRESH + stamp), options, backup);
  onProgress({ phase: 'replace', done: 1, of: 1 });
  const kept = `ledger.replaced-${timeName(options.clock.nowMs())}-${stamp}`;
  await replaceLedger(layout, { fresh: FRESH + stamp, kept });
  return { manifest, restores, kept: present.exists ? kept : undefined, keptHead: present.head };
}

/** A whole ledger in a directory of its own, with the restore recorded; answers how many it has seen. */
async function prepare(
  fresh: string,
  options: RestoreOptions,
  { manifest, rows }: BackupFile,
): Promise<number> {
  try {
    await loadRows(classicLevelPlace(fresh), counted(rows(), manifest, options.onProgress));
    await requireWhole(fresh, options, manifest);
    return await recordRestore(
      {
        ...{ directory: fresh, signingKey: options.ledgerKey, gatewayId: options.gatewayId },
        clock: { now: () => options.clock.nowMs() },
        random: { bytes: options.random },
      },
      manifest.head,
    );
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Of restores that were killed. */
async function removeStale({ directory }: DataLayout): Promise<void> {
  for (const name of await readdir(directory)) {
    if (name.startsWith(FRESH)) await rm(join(directory, name), { recursive: true, force: true });
  }
}

function requireKey({ ledgerId, publicKey }: Manifest, ledgerKey: KeyObject): void {
  if (rawPublicKey(createPublicKey(ledgerKey)) === publicKey) return;
  throw new TapwattError(
    'KEY_FILE',
    `The backup is signed by another key than this directory’s ledger.key. Restore the keys of ledger ${ledgerId} first.`,
  );
}

/** The ledger that is to be replaced must not be in use; it may be damaged. Throws DATA_LOCKED, CONFIG_INVALID. */
async function presentLedger(
  layout: DataLayout,
  { ledgerId }: Manifest,
): Promise<{ exists: boolean; head: number | undefined }> {
  const found = await headIn(layout.ledger);
  if (found === 'none') return { exists: false, head: undefined };
  if (found === 'unreadable') return { exists: true, head: undefined };
  if (found.ledgerId === ledgerId) return { exists: true, head: found.head };
  throw new TapwattError(
    'CONFIG_INVALID',
    `${layout.ledger} is ledger ${found.ledgerId}, the backup ${ledgerId}.`,
  );
}

async function headIn(
  directory: string,
): Promise<{ readonly ledgerId: string; readonly head: number } | 'none' | 'unreadable'> {
  try {
    return (await headOf(classicLevelPlace(directory))) ?? 'none';
  } catch (error) {
    if (error instanceof TapwattError && error.code === 'DATA_LOCKED') throw error;
    return 'unreadable';
  }
}

async function* counted(
  rows: AsyncIterable<StorageWrite>,
  manifest: Manifest,
  onProgress: RestoreOptions['onProgress'],
): AsyncIterable<StorageWrite> {
  let done = 0;
  for await (const row of rows) {
    done += 1;
    onProgress({ phase: 'load', done, of: manifest.rows });
    yield row;
  }
}

/** Chain, signatures and hashes, and that it ends where the manifest says. Throws DATA_DAMAGED. */
async function requireWhole(
  directory: string,
  { ledgerKey, full, onProgress }: RestoreOptions,
  { head, ledgerId }: Manifest,
): Promise<void> {
  const result = await verifyLedgerDirectory({
    directory,
    key: ledgerKey,
    onProgress: ({ block, ofBlocks }) => onProgress({ phase: 'verify', done: block, of: ofBlocks }),
    ...(full ? {} : { chainFrom: 0 }),
  });
  const isWhole = result.ok && result.headHash === head.hash && result.blocks === head.number + 1;
  if (isWhole && result.ledgerId === ledgerId) return;
  const problem = result.finding?.problem ?? 'its head is not the one that the manifest names';
  throw damagedBackup(`The backup does not verify: ${problem}`);
}

/** `20261122T110141Z` */
const timeName = (nowMs: number): string => new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
