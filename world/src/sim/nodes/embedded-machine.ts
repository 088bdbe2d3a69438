import type { Broker } from '@tapwatt/broker';
import {
  createInProcessBus,
  type DiskVerifier,
  type EmbeddedLedger,
  openEmbeddedLedger,
  recordRestore,
  type SimulatedDisk,
  verifierOfDisk,
} from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import type { Lines } from '../checks/lines.ts';
import { troubleDisk } from '../faults/disk.ts';
import type { World } from '../world.ts';
import { freezeFor } from './freeze-for.ts';
import { codeOf, type RunningGatewayLogic, runBroker, runGateway } from './gateway-process.ts';
import { Incarnation } from './incarnation.ts';
import type { JournalDisk } from './journal-disk.ts';
import { gatewayId, LEDGER_ID } from './settings.ts';
import type { Crashable } from './site.ts';
import { genesisOf, type Town } from './town.ts';

const STATE = 's!';
const LEAST_DOWN_MS = 100;
const MOST_DOWN_MS = 15_000;
/** Few: a world opens its ledger so often that checking the whole tail would be most of its work. */
const OPEN_CHECK_BLOCKS = 8;

interface Running {
  readonly life: Incarnation;
  readonly ledger: EmbeddedLedger;
  readonly broker: Broker;
  readonly logic: RunningGatewayLogic;
}

export interface MachineParts {
  readonly world: World;
  readonly town: Town;
  readonly lines: Lines;
  /** For traces and chance. */
  readonly name: string;
  /** Where devices find its broker. */
  readonly address: string;
  readonly disk: SimulatedDisk;
  readonly books: Books;
  /** The gateway's journal, beside the ledger. */
  readonly journal: JournalDisk;
}

/** One machine with its disk: a gateway that has the embedded ledger and the broker inside, started again after each death. */
export class EmbeddedMachine implements Crashable {
  readonly name: string;
  skewMs = 0;
  /** From its next start on, devices find it there. */
  address: string;
  readonly #parts: MachineParts;
  readonly #world: World;
  readonly #crashChance;
  readonly #processChance;
  #books: Books;
  #disk: SimulatedDisk;
  #disks = 0;
  #life: Incarnation | undefined;
  #running: Running | undefined;
  #verifier: DiskVerifier | undefined;
  #isHeld = false;
  #dontBoot: () => void = () => undefined;
  #downUntilMs = 0;

  constructor(parts: MachineParts) {
    this.#parts = parts;
    this.name = parts.name;
    this.address = parts.address;
    this.#world = parts.world;
    this.#books = parts.books;
    this.#disk = parts.disk;
    this.#crashChance = parts.world.chance(`crashes of ${parts.name}`);
    this.#processChance = parts.world.chance(`inside ${parts.name}`);
    this.#watchDisk();
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  get administer(): RunningGatewayLogic['administer'] | undefined {
    return this.#running?.logic.administer;
  }

  get disk(): SimulatedDisk {
    return this.#disk;
  }

  get books(): Books {
    return this.#books;
  }

  get journal(): JournalDisk {
    return this.#parts.journal;
  }

  /** The ledger as observers and people reach it, past every fault; `undefined` while it is not open. */
  get ledger(): EmbeddedLedger | undefined {
    const ledger = this.#running?.ledger;
    return ledger?.condition === 'open' ? ledger : undefined;
  }

  start(): void {
    this.#isHeld = false;
    void this.#boot();
  }

  crash(why: string): boolean {
    return this.#life?.kill(why) ?? false;
  }

  freeze(ms: number): boolean {
    return this.#life?.isAlive === true && freezeFor(this.#world, [this.name, this.address], ms);
  }

  stayDown(ms: number): void {
    this.#downUntilMs = this.#world.time.now() + ms;
    this.crash('without power');
    this.#parts.journal.losePower();
  }

  /** Killed, and not started again before `start`. */
  hold(why: string): void {
    this.#isHeld = true;
    this.#dontBoot();
    this.crash(why);
  }

  /** From now on these books follow its disk. */
  keepBooksIn(books: Books): void {
    this.#books = books;
  }

  /** Another disk is put into the machine, which is held; its books are made anew from what is on it. */
  replaceDisk(disk: SimulatedDisk): void {
    this.#disk.onDurable = () => undefined;
    this.#disk = disk;
    this.#verifier = undefined;
    this.#books.load(stateOf(disk));
    this.#watchDisk();
  }

  /** What a restore does to a copy of the ledger, by this life of its process. */
  recordRestore(life: Incarnation, disk: SimulatedDisk, head: { number: number; hash: string }) {
    return recordRestore({ ...this.#opening(life, disk), gatewayId: gatewayId(1) }, head);
  }

  async verify(whole: boolean): Promise<void> {
    const finding = await (whole ? this.#verifier?.finish() : this.#verifier?.advance());
    if (finding !== undefined) this.#world.violated('I7', `${this.name}: ${JSON.stringify(finding)}`);
  }

  figures(): Readonly<Record<string, number>> {
    return {
      ...this.#running?.logic.gateway.figures(),
      connections: this.#running?.broker.stats().connections ?? 0,
    };
  }

  #watchDisk(): void {
    this.#disks += 1;
    const name = `disk ${this.#disks} of ${this.name}`;
    troubleDisk(this.#world, this.#disk, { name, process: this.name, life: () => this.#life });
    this.#disk.onDurable = (rows) => {
      this.#books.committed(statesIn(rows.map(({ key, value }) => [key, value])));
      for (const { value } of rows) this.#world.written('ledger', value);
      this.#life?.point('after a synced write, before its answer');
    };
  }

  async #boot(): Promise<void> {
    const { time } = this.#world;
    if (this.#isHeld) return;
    if (time.now() < this.#downUntilMs) return this.#bootAfter(this.#downUntilMs - time.now());
    const life = new Incarnation(this.#world, {
      name: this.name,
      chance: this.#crashChance,
      onKilled: () => this.#gone(life),
    });
    this.#life = life;
    try {
      const disk = this.#disk;
      const ledger = await life.through('open of the ledger', () =>
        openEmbeddedLedger({ ...this.#opening(life, disk), genesis: genesisOf(this.#parts.town, 1) }),
      );
      this.#verifier ??= await this.#newVerifier(ledger);
      await this.#serve(life, ledger);
      this.#world.trace.note(this.name, 'started');
    } catch (error) {
      this.#world.trace.note(this.name, `did not start: ${codeOf(error)}`);
      life.kill('could not start');
    }
  }

  #bootAfter(ms: number): void {
    this.#dontBoot();
    this.#dontBoot = this.#world.time.after(ms, () => void this.#boot());
  }

  async #serve(life: Incarnation, ledger: EmbeddedLedger): Promise<void> {
    const { town, lines, journal } = this.#parts;
    const party = ledger.as({ partyId: gatewayId(1), role: 'gateway' });
    const { master, mqttKey, roleKeys } = town;
    const signer = { kid: gatewayId(1), privateKey: roleKeys.gateway };
    const keep = { master, mqttKey, signer, journal };
    const broker = await runBroker(life, keep, party);
    const logic = runGateway({
      ...{ world: this.#world, life, keep, ledger: party, bus: createInProcessBus(broker.leg()) },
      chance: this.#processChance,
      books: () => this.#books,
      skewMs: () => this.skewMs,
      submitOrder: (jws) => ledger.submitOrder(jws),
    });
    if (!life.isAlive) return void broker.close({ deadlineMs: 0 });
    this.#running = { life, ledger, broker, logic };
    this.#world.network.listen(this.address, (stream) => {
      if (!stream.isForsaken) lines.accepted(stream.remote, this.#books);
      broker.attachStream(stream);
    });
  }

  #opening(life: Incarnation, disk: SimulatedDisk) {
    const { time } = this.#world;
    const clock = life.clock(() => this.skewMs);
    return {
      directory: 'simulated',
      signingKey: this.#parts.town.ledgerKey,
      clock: { now: clock.nowMs, monotonic: () => time.now() },
      random: this.#processChance,
      limits: { openCheckBlocks: OPEN_CHECK_BLOCKS },
      place: disk,
      scheduler: {
        turn: () => new Promise<void>((resolve) => clock.after(0, resolve)),
        after: (ms: number, run: () => void) => clock.after(ms, run),
      },
      onCondition: (condition: string) => {
        if (life.isAlive) this.#world.trace.note(this.name, `ledger is ${condition}`);
      },
    };
  }

  #newVerifier(ledger: EmbeddedLedger): Promise<DiskVerifier> {
    const { time } = this.#world;
    return verifierOfDisk(this.#disk, {
      ledgerId: LEDGER_ID,
      publicKey: ledger.publicKey,
      clock: { monotonic: () => 0 },
      scheduler: {
        turn: () => new Promise((resolve) => time.after(0, resolve)),
        after: (ms, run) => time.after(ms, run),
      },
    });
  }

  /** The process is gone: what was not synced is lost, its connections break, and after a while it is started again. */
  #gone(life: Incarnation): void {
    this.#disk.crash();
    this.#world.network.silence(this.address);
    const running = this.#running;
    this.#running = undefined;
    if (running?.life === life) void running.broker.close({ deadlineMs: 0 });
    if (!this.#isHeld) this.#bootAfter(this.#crashChance.between(LEAST_DOWN_MS, MOST_DOWN_MS));
  }
}

type Row = readonly [key: string, value: string | Uint8Array | undefined];

const textAfterVersion = (raw: string): string => raw.slice(raw.indexOf(' ') + 1);

/** State keys and values among a disk's rows. */
const statesIn = (rows: readonly Row[]): (readonly [key: string, value: string])[] =>
  rows
    .filter(([key]) => key.startsWith(STATE))
    .map(([key, value]) => [key.slice(STATE.length), textAfterVersion(String(value))]);

const stateOf = ({ durable }: SimulatedDisk): (readonly [key: string, value: string])[] =>
  statesIn([...durable.keys()].map((key) => [key, durable.get(key)]));
