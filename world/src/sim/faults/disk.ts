import { type SimulatedDisk, StorageError, type SyncFault } from '@tapwatt/gateway';
import type { Chance } from '../kernel/chance.ts';
import type { Incarnation } from '../nodes/incarnation.ts';
import type { World } from '../world.ts';
import type { FaultKind } from './kinds.ts';

const LEAST_SYNC_MS = 1;
const SYNC_SPREAD_MS = 8;
const LONG_SYNC_MS = 3_000;
/** One of so many synced writes, at full strength. */
const FAIL_PROBABILITY = 0.06;
const SLOW_PROBABILITY = 0.1;
const OPEN_FAILS_PROBABILITY = 0.3;
/** Mean time between two reads that fail, at full strength: however much is read, so that a whole ledger can be read at times. */
const READ_FAILS_EVERY_MS = 4_000;
/** What befalls reads while nobody reads is forgotten: else the first of every start would fail. */
const MOST_BETWEEN_READS_MS = 1_000;

export interface TroubledDisk {
  /** Chance of its own for each disk of a world. */
  readonly name: string;
  /** Of the process that writes to it: while that is frozen, nothing is answered. */
  readonly process: string;
  /** The life that writes to it now, which may end at every write. */
  readonly life: () => Incarnation | undefined;
}

const FAILURES: readonly (readonly [FaultKind, SyncFault])[] = [
  ['disk-write-lost', { kind: 'fail', kept: false, code: 'LEDGER_UNAVAILABLE' }],
  ['disk-answer-lost', { kind: 'fail', kept: true, code: 'LEDGER_UNAVAILABLE' }],
  ['disk-full', { kind: 'fail', kept: false, code: 'DISK_FULL' }],
];

/** Makes a process's disk slow, full and faulty as the world's plan says. */
export const troubleDisk = (world: World, disk: SimulatedDisk, of: TroubledDisk): void => {
  const { name, process } = of;
  const [timing, failing] = [world.chance(`timing of ${name}`), world.chance(`failures of ${name}`)];
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => world.time.after(ms, () => world.network.whenAwake(process, resolve)));
  disk.onSync = async () => {
    const life = of.life();
    life?.point('before a synced write');
    await wait(LEAST_SYNC_MS + timing.below(SYNC_SPREAD_MS));
    if (timing.happens(world.strength('disk-slow') * SLOW_PROBABILITY)) {
      if (life?.isAlive === true) world.tally.fault('disk-slow');
      await wait(timing.below(LONG_SYNC_MS));
    }
    life?.point('during a synced write');
    // What a dead process was about to write fails no more.
    if (life?.isAlive !== true) return { kind: 'none' };
    for (const [kind, fault] of FAILURES) {
      if (!failing.happens(world.strength(kind) * FAIL_PROBABILITY)) continue;
      world.tally.fault(kind);
      return fault;
    }
    return { kind: 'none' };
  };
  disk.onOpen = async () => {
    if (!failing.happens(world.strength('disk-open-error') * OPEN_FAILS_PROBABILITY)) return;
    world.tally.fault('disk-open-error');
    throw new StorageError('LEDGER_UNAVAILABLE', 'The simulated disk cannot be opened.');
  };
  disk.onRead = failingReads(world, world.chance(`reads of ${name}`));
};

/** Throws as classic-level's place does for an I/O error. */
const failingReads = (world: World, chance: Chance): (() => void) => {
  let readMs = world.time.now();
  return () => {
    const sinceMs = Math.min(world.time.now() - readMs, MOST_BETWEEN_READS_MS);
    const strength = world.strength('disk-read-error');
    if (sinceMs === 0 || strength === 0) return;
    readMs = world.time.now();
    if (!chance.happens(1 - Math.exp((-sinceMs * strength) / READ_FAILS_EVERY_MS))) return;
    world.tally.fault('disk-read-error');
    throw new StorageError('LEDGER_UNAVAILABLE', 'The simulated disk could not be read.');
  };
};
