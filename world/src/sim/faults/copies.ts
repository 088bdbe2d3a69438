import { type EmbeddedLedger, loadRows, SimulatedDisk, type StorageWrite } from '@tapwatt/gateway';
import type { EmbeddedSite } from '../nodes/embedded-site.ts';
import { codeOf } from '../nodes/gateway-process.ts';
import { Incarnation } from '../nodes/incarnation.ts';
import type { World } from '../world.ts';

const SECOND_MS = 1_000;
const LEAST_AGE_MS = 5 * SECOND_MS;
const MOST_AGE_MS = 90 * SECOND_MS;
const LEAST_APART_MS = 60 * SECOND_MS;
const MOST_APART_MS = 300 * SECOND_MS;
const MOST_BETWEEN_MOVES_MS = 20 * SECOND_MS;
const MOST_PAUSE_MS = 10 * SECOND_MS;

interface Backup {
  readonly rows: readonly StorageWrite[];
  readonly head: { readonly number: number; readonly hash: string };
  readonly atMs: number;
}

type Chance = ReturnType<World['chance']>;

const isMeter = (device: string): boolean => device.startsWith('meter-');

/** What people do to an embedded ledger that makes it forget: a restore from an old backup, and two machines from one disk. */
export class LedgerCopies {
  readonly #world: World;
  readonly #site: EmbeddedSite;
  readonly #devices: readonly string[];
  readonly #crashes: Chance;
  /** One such thing at a time. */
  #isBusy = false;

  constructor(world: World, site: EmbeddedSite, devices: readonly string[]) {
    this.#world = world;
    this.#site = site;
    this.#devices = devices;
    this.#crashes = world.chance('crashes of restores');
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** A backup is made now, and the ledger restored from it after a while. */
  backUp(chance: Chance): void {
    const { ledger } = this.#site.machine;
    if (this.#isBusy || ledger === undefined) return;
    const atMs = this.#world.time.now();
    let backup: Backup | undefined;
    this.#isBusy = true;
    // A process that dies meanwhile, or a disk that cannot be read, leaves no backup.
    void dumped(ledger).then(
      (made) => {
        backup = { ...made, atMs };
      },
      () => undefined,
    );
    this.#world.time.after(chance.between(LEAST_AGE_MS, MOST_AGE_MS), () => {
      if (backup === undefined || this.#isOver) this.#isBusy = false;
      else this.#restore(backup, chance);
    });
  }

  /** Two machines go on from one disk, each with some of the devices, until one of them is switched off; not while busy. */
  copy(chance: Chance): boolean {
    if (this.#isBusy || this.#site.machine.ledger === undefined) return false;
    this.#isBusy = true;
    this.#world.tally.did('clones');
    this.#world.trace.note('town', 'two machines from one disk');
    this.#site.copyLedger();
    for (const device of this.#devices) if (chance.happens(0.5)) this.#site.lead(device, true);
    // Handsets that stay tell neither ledger of the other: then the meters’ answers are all that shows it.
    this.#moveLater(chance, chance.happens(0.5) ? this.#devices.filter(isMeter) : this.#devices);
    this.#world.time.after(chance.between(LEAST_APART_MS, MOST_APART_MS), () => this.#keepOne(chance));
    return true;
  }

  /** The place has one ledger again; a restore that has begun is done by itself. */
  heal(): void {
    this.#keepOne(this.#world.chance('which copy is kept in the end'));
  }

  get #isOver(): boolean {
    return this.#world.strength('ledger-restored') === 0;
  }

  #moveLater(chance: Chance, devices: readonly string[]): void {
    this.#world.inLight(chance.below(MOST_BETWEEN_MOVES_MS), () => {
      if (!this.#site.isCopied) return;
      this.#site.lead(chance.pick(devices), chance.happens(0.5));
      this.#moveLater(chance, devices);
    });
  }

  #keepOne(chance: Chance): void {
    if (!this.#site.isCopied) return;
    const kept = chance.happens(0.5) ? 'first' : 'copy';
    this.#world.trace.note('town', `one of the two machines is switched off: ${kept} is kept`);
    this.#site.keepOne(kept);
    for (const device of this.#devices) this.#site.lead(device, false);
    this.#isBusy = false;
  }

  #restore(backup: Backup, chance: Chance, diedBefore: ReadonlySet<string> = new Set()): void {
    const { machine } = this.#site;
    machine.hold('stopped for a restore');
    const life = new Incarnation(this.#world, {
      ...{ name: 'restore', chance: this.#crashes, diedBefore },
      onKilled: (label) => {
        // Nothing was replaced: the old ledger goes on until somebody tries again.
        machine.start();
        const died = new Set([...diedBefore, label]);
        this.#world.time.after(chance.below(MOST_PAUSE_MS), () => this.#restore(backup, chance, died));
      },
    });
    void this.#replace(life, backup).catch((error) => life.kill(`restore failed: ${codeOf(error)}`));
  }

  /** As `restoreBackup` does it: copied, recorded, and only then put in the place of the ledger. */
  async #replace(life: Incarnation, { rows, head, atMs }: Backup): Promise<void> {
    const { machine } = this.#site;
    const disk = new SimulatedDisk();
    await life.through('load of a backup', () => loadRows(disk, each(rows)));
    await life.through('record of a restore', () => machine.recordRestore(life, disk, head));
    life.point('before replacing the ledger');
    if (!life.isAlive) return;
    this.#world.tally.did('restores');
    this.#world.tally.fault('ledger-restored');
    this.#world.trace.note('town', `restored to block ${head.number}`);
    this.#site.replaceLedger(disk, atMs);
    this.#isBusy = false;
    machine.start();
  }
}

const dumped = async (ledger: EmbeddedLedger): Promise<Pick<Backup, 'rows' | 'head'>> => {
  const { head, rows, close } = ledger.dump();
  const all: StorageWrite[] = [];
  try {
    for await (const row of rows()) all.push(row);
    return { head, rows: all };
  } finally {
    close();
  }
};

async function* each(rows: readonly StorageWrite[]): AsyncIterable<StorageWrite> {
  yield* rows;
}
