import type { Broker } from '@tapwatt/broker';
import type { Submitter } from '@tapwatt/chaincode';
import {
  createInProcessBus,
  type DiskVerifier,
  type EmbeddedLedger,
  type Ledger,
  openEmbeddedLedger,
  SimulatedDisk,
  verifierOfDisk,
} from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import { troubleDisk } from '../faults/disk.ts';
import type { World } from '../world.ts';
import { freezeFor } from './freeze-for.ts';
import { codeOf, type RunningGatewayLogic, runBroker, runGateway } from './gateway-process.ts';
import { Incarnation } from './incarnation.ts';
import { BROKER_NODE, gatewayId, LEDGER_ID } from './settings.ts';
import type { Crashable, Site } from './site.ts';
import { genesisOf, type Town } from './town.ts';

const STATE = 's!';
const LEAST_DOWN_MS = 100;
const MOST_DOWN_MS = 15_000;
/** Few: a world opens its ledger so often that checking the whole tail would be most of its work. */
const OPEN_CHECK_BLOCKS = 8;
const LONGEST_START_MS = 3_600_000;

interface Running {
  readonly life: Incarnation;
  readonly ledger: EmbeddedLedger;
  readonly broker: Broker;
  readonly logic: RunningGatewayLogic;
}

/** One gateway with the embedded ledger on a simulated disk and the broker inside: the default of `npm start`. */
export class EmbeddedSite implements Site, Crashable {
  readonly name = gatewayId(1);
  readonly broker = undefined;
  skewMs = 0;
  readonly #world: World;
  readonly #town: Town;
  readonly #disk = new SimulatedDisk();
  readonly #journal = new Map<string, string>();
  readonly #verified = new Map<string, boolean>();
  readonly #crashChance;
  readonly #processChance;
  #life: Incarnation | undefined;
  #running: Running | undefined;
  #verifier: DiskVerifier | undefined;
  #stopped = false;
  #downUntilMs = 0;

  constructor(world: World, town: Town, books: Books) {
    this.#world = world;
    this.#town = town;
    this.#crashChance = world.chance('crashes of the gateway');
    this.#processChance = world.chance('inside the gateway');
    troubleDisk(world, this.#disk, { name: this.name, point: (label) => this.#life?.point(label) });
    this.#disk.onDurable = (rows) => {
      const states = rows.filter(({ key }) => key.startsWith(STATE));
      books.committed(
        states.map(({ key, value }) => [key.slice(STATE.length), textAfterVersion(String(value))]),
      );
      for (const { value } of rows) world.written('ledger', value);
      this.#life?.point('after a synced write, before its answer');
    };
  }

  get gateways(): readonly Crashable[] {
    return [this];
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  get administer(): ((jws: string) => Promise<unknown>) | undefined {
    return this.#running?.logic.administer;
  }

  get books(): ((party: Submitter) => Ledger) | undefined {
    const running = this.#running;
    if (running === undefined || running.ledger.condition !== 'open') return undefined;
    return (party) => running.ledger.as(party);
  }

  async start(): Promise<void> {
    const { time } = this.#world;
    const endMs = time.now() + LONGEST_START_MS;
    void this.#boot();
    while (this.#running === undefined && time.now() < endMs) {
      await new Promise<void>((resolve) => time.after(100, resolve));
    }
  }

  crash(why: string): void {
    this.#life?.kill(why);
  }

  freeze(ms: number): void {
    freezeFor(this.#world, [this.name, BROKER_NODE], ms);
  }

  stayDown(ms: number): void {
    this.#downUntilMs = this.#world.time.now() + ms;
    this.crash('without power');
  }

  async verify(whole: boolean): Promise<void> {
    const finding = await (whole ? this.#verifier?.finish() : this.#verifier?.advance());
    if (finding !== undefined) this.#world.violated('I7', JSON.stringify(finding));
  }

  figures(): Readonly<Record<string, number>> {
    return {
      ...this.#running?.logic.gateway.figures(),
      connections: this.#running?.broker.stats().connections ?? 0,
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.crash('end of the world');
  }

  async #boot(): Promise<void> {
    const { time } = this.#world;
    if (time.now() < this.#downUntilMs) {
      time.after(this.#downUntilMs - time.now(), () => void this.#boot());
      return;
    }
    const life = new Incarnation(this.#world, {
      name: this.name,
      chance: this.#crashChance,
      onKilled: () => this.#gone(life),
    });
    this.#life = life;
    try {
      const ledger = await life.through('open of the ledger', () => this.#openLedger(life));
      this.#verifier ??= await this.#newVerifier(ledger);
      await this.#serve(life, ledger);
      this.#world.trace.note(this.name, 'started');
    } catch (error) {
      this.#world.trace.note(this.name, `did not start: ${codeOf(error)}`);
      life.kill('could not start');
    }
  }

  async #serve(life: Incarnation, ledger: EmbeddedLedger): Promise<void> {
    const party = ledger.as({ partyId: this.name, role: 'gateway' });
    const { master, mqttKey } = this.#town;
    const keep = { master, mqttKey, journal: this.#journal, verified: this.#verified };
    const broker = await runBroker(life, keep, party);
    const logic = runGateway({
      ...{ world: this.#world, life, keep, ledger: party, bus: createInProcessBus(broker.leg()) },
      chance: this.#processChance,
      skewMs: () => this.skewMs,
      submitOrder: (jws) => ledger.submitOrder(jws),
    });
    if (!life.isAlive) return void broker.close({ deadlineMs: 0 });
    this.#running = { life, ledger, broker, logic };
    this.#world.network.listen(BROKER_NODE, (stream) => broker.attachStream(stream));
  }

  #openLedger(life: Incarnation): Promise<EmbeddedLedger> {
    const { time } = this.#world;
    const clock = life.clock(() => this.skewMs);
    return openEmbeddedLedger({
      directory: 'simulated',
      signingKey: this.#town.ledgerKey,
      genesis: genesisOf(this.#town, 1),
      clock: { now: clock.nowMs, monotonic: () => time.now() },
      random: this.#processChance,
      limits: { openCheckBlocks: OPEN_CHECK_BLOCKS },
      place: this.#disk,
      scheduler: {
        turn: () => new Promise((resolve) => clock.after(0, resolve)),
        after: (ms, run) => clock.after(ms, run),
      },
      onCondition: (condition) => {
        if (life.isAlive) this.#world.trace.note(this.name, `ledger is ${condition}`);
      },
    });
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
    const { time, network } = this.#world;
    this.#disk.crash();
    network.silence(BROKER_NODE);
    const running = this.#running;
    this.#running = undefined;
    if (running?.life === life) void running.broker.close({ deadlineMs: 0 });
    if (this.#stopped) return;
    const pauseMs = this.#crashChance.between(LEAST_DOWN_MS, MOST_DOWN_MS);
    time.after(pauseMs, () => void this.#boot());
  }
}

const textAfterVersion = (raw: string): string => raw.slice(raw.indexOf(' ') + 1);
