import type { SimulatedDisk } from '@tapwatt/gateway';
import type { Incarnation } from '../nodes/incarnation.ts';
import type { World } from '../world.ts';
import type { FaultKind } from './kinds.ts';

const LEAST_SYNC_MS = 1;
const SYNC_SPREAD_MS = 8;
const LONG_SYNC_MS = 3_000;
/** One of so many synced writes, at full strength. */
const FAIL_PROBABILITY = 0.06;
const SLOW_PROBABILITY = 0.1;

export interface TroubledDisk {
  /** Chance of its own for each disk of a world. */
  readonly name: string;
  /** Of the process that writes to it: while that is frozen, nothing is answered. */
  readonly process: string;
  /** The life that writes to it now, which may end at every write. */
  readonly life: () => Incarnation | undefined;
}

type SyncFault = Awaited<ReturnType<SimulatedDisk['onSync']>>;

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
};
