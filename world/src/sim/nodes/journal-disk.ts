import { type JournalStore, StorageError } from '@tapwatt/gateway';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';
import type { Incarnation } from './incarnation.ts';

/** One of so many writes, at full strength. */
const FAIL_PROBABILITY = 0.1;
/** The operating system writes down what nobody asked it to sync after so long. */
const UNSYNCED_MS = 30_000;

type Rows = readonly (readonly [key: string, value: string])[];

interface Written {
  readonly rows: Rows;
  readonly atMs: number;
  /** With all that was written before. */
  readonly isSynced: boolean;
}

/**
 * Where a gateway keeps its journal of requests, beside its ledger: what was written outlives a kill, but the newest of it
 * not a loss of power, unless it was synced; and a write may fail.
 */
export class JournalDisk {
  readonly #world: World;
  readonly #chance: Chance;
  /** Oldest first. */
  #log: Written[] = [];
  readonly #kept = new Map<string, string>();

  constructor(world: World, name: string) {
    this.#world = world;
    this.#chance = world.chance(`journal of ${name}`);
  }

  /** As one life of a process has it open: what a dead one does is not written any more. */
  open(life: Incarnation): JournalStore {
    return {
      get: (key) => this.#kept.get(key),
      put: async (rows, { sync }) => {
        if (life.isAlive) this.#write(rows, sync);
      },
      close: async () => undefined,
    };
  }

  /** The newest writes, as many as chance has it of those that nobody synced, were never made. */
  losePower(): void {
    const fromMs = this.#world.time.now() - UNSYNCED_MS;
    const synced = 1 + this.#log.findLastIndex(({ atMs, isSynced }) => isSynced || atMs < fromMs);
    const left = this.#chance.between(synced, this.#log.length);
    if (left < this.#log.length) this.#world.tally.did('journals that lost their end');
    this.#log = this.#log.slice(0, left);
    this.#kept.clear();
    for (const { rows } of this.#log) this.#keep(rows);
  }

  /** Another one that holds the same. */
  copy(name: string): JournalDisk {
    const copy = new JournalDisk(this.#world, name);
    copy.#log = [...this.#log];
    for (const [key, value] of this.#kept) copy.#kept.set(key, value);
    return copy;
  }

  #write(rows: Rows, isSynced: boolean): void {
    if (this.#chance.happens(this.#world.strength('journal-write-lost') * FAIL_PROBABILITY)) {
      this.#world.tally.fault('journal-write-lost');
      throw new StorageError('DISK_FULL', 'The disk of the journal is full.');
    }
    this.#log.push({ rows, atMs: this.#world.time.now(), isSynced });
    this.#keep(rows);
  }

  #keep(rows: Rows): void {
    for (const [key, value] of rows) this.#kept.set(key, value);
  }
}
