import type { SimulatedDisk } from '@tapwatt/gateway';
import type { CrashPoint } from '../nodes/crash-points.ts';
import type { World } from '../world.ts';

const LEAST_SYNC_MS = 1;
const SYNC_SPREAD_MS = 8;
const LONG_SYNC_MS = 3_000;
/** One of so many synced writes, at full strength. */
const FAIL_PROBABILITY = 0.04;
const SLOW_PROBABILITY = 0.1;

export interface TroubledDisk {
  /** Chance of its own for each disk of a world. */
  readonly name: string;
  /** Of the process that writes to it: while that is frozen, nothing is answered. */
  readonly process: string;
  /** Called where the process may die. */
  readonly point: (label: CrashPoint) => void;
}

/** Makes a process's disk slow, full and faulty as the world's plan says. */
export const troubleDisk = (world: World, disk: SimulatedDisk, of: TroubledDisk): void => {
  const { name, process, point } = of;
  const [timing, failing] = [world.chance(`timing of ${name}`), world.chance(`failures of ${name}`)];
  const wait = (ms: number): Promise<void> =>
    new Promise((resolve) => world.time.after(ms, () => world.network.whenAwake(process, resolve)));
  disk.onSync = async () => {
    point('before a synced write');
    await wait(LEAST_SYNC_MS + timing.below(SYNC_SPREAD_MS));
    if (timing.happens(world.strength('disk-slow') * SLOW_PROBABILITY)) {
      world.tally.fault('disk-slow');
      await wait(timing.below(LONG_SYNC_MS));
    }
    point('during a synced write');
    if (failing.happens(world.strength('disk-write-lost') * FAIL_PROBABILITY)) {
      world.tally.fault('disk-write-lost');
      return { kind: 'fail', kept: false, code: 'LEDGER_UNAVAILABLE' };
    }
    if (failing.happens(world.strength('disk-answer-lost') * FAIL_PROBABILITY)) {
      world.tally.fault('disk-answer-lost');
      return { kind: 'fail', kept: true, code: 'LEDGER_UNAVAILABLE' };
    }
    if (failing.happens(world.strength('disk-full') * FAIL_PROBABILITY)) {
      world.tally.fault('disk-full');
      return { kind: 'fail', kept: false, code: 'DISK_FULL' };
    }
    return { kind: 'none' };
  };
};
