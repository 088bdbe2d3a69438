import type { Broker } from '@tapwatt/broker';
import type { Submitter } from '@tapwatt/chaincode';
import { identityOf } from '@tapwatt/firmware-contracts';
import { createCredentials, createExternalBus, type Ledger, type MessageBus } from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import type { Chance } from '../kernel/chance.ts';
import { FabricModel } from '../ledger/fabric-model.ts';
import type { World } from '../world.ts';
import { freezeFor } from './freeze-for.ts';
import {
  type GatewayKeep,
  logOf,
  type RunningGatewayLogic,
  runBroker,
  runGateway,
} from './gateway-process.ts';
import { Incarnation } from './incarnation.ts';
import { JournalDisk } from './journal-disk.ts';
import { BROKER_NODE, gatewayId, SITE } from './settings.ts';
import type { Crashable, Site } from './site.ts';
import { genesisOf, type Town } from './town.ts';

const LEAST_DOWN_MS = 100;
const MOST_DOWN_MS = 15_000;

/** A process that is started again after each of its deaths, unless the place is without power. */
abstract class Restarting implements Crashable {
  readonly name: string;
  skewMs = 0;
  protected readonly world: World;
  protected readonly chance: Chance;
  #life: Incarnation | undefined;
  #downUntilMs = 0;
  #stopped = false;

  constructor(world: World, name: string) {
    this.name = name;
    this.world = world;
    this.chance = world.chance(`crashes of ${name}`);
  }

  abstract get isUp(): boolean;
  protected abstract begin(life: Incarnation): Promise<void>;
  protected abstract ended(): void;

  async start(): Promise<void> {
    const { time } = this.world;
    // One process at a time, however many reasons there are to start it.
    if (this.#stopped || this.#life?.isAlive === true) return;
    if (time.now() < this.#downUntilMs) {
      time.after(this.#downUntilMs - time.now(), () => void this.start());
      return;
    }
    const life = new Incarnation(this.world, {
      ...{ name: this.name, chance: this.chance },
      onKilled: () => {
        this.ended();
        time.after(this.chance.between(LEAST_DOWN_MS, MOST_DOWN_MS), () => void this.start());
      },
    });
    this.#life = life;
    await this.begin(life);
  }

  crash(why: string): boolean {
    return this.#life?.kill(why) ?? false;
  }

  freeze(ms: number): boolean {
    return this.#life?.isAlive === true && freezeFor(this.world, [this.name], ms);
  }

  stayDown(ms: number): void {
    this.#downUntilMs = this.world.time.now() + ms;
    this.crash('without power');
  }

  stop(): void {
    this.#stopped = true;
    this.crash('end of the world');
  }
}

class BrokerNode extends Restarting {
  broker: Broker | undefined;
  readonly #keep: GatewayKeep;
  readonly #ledger: Ledger;

  constructor(world: World, parts: { keep: GatewayKeep; ledger: Ledger }) {
    super(world, BROKER_NODE);
    this.#keep = parts.keep;
    this.#ledger = parts.ledger;
  }

  get isUp(): boolean {
    return this.broker !== undefined;
  }

  protected async begin(life: Incarnation): Promise<void> {
    const broker = await runBroker(life, this.#keep, this.#ledger);
    if (!life.isAlive) return;
    this.broker = broker;
    this.world.network.listen(BROKER_NODE, (stream) => broker.attachStream(stream));
  }

  protected ended(): void {
    this.world.network.silence(BROKER_NODE);
    const { broker } = this;
    this.broker = undefined;
    void broker?.close({ deadlineMs: 0 });
  }
}

interface GatewayNodeParts {
  readonly keep: GatewayKeep;
  readonly fabric: FabricModel;
  readonly books: Books;
}

class GatewayNode extends Restarting {
  logic: RunningGatewayLogic | undefined;
  readonly #parts: GatewayNodeParts;
  readonly #reconnects: Chance;

  constructor(world: World, name: string, parts: GatewayNodeParts) {
    super(world, name);
    this.#parts = parts;
    this.#reconnects = world.chance(`reconnects of ${name}`);
  }

  get isUp(): boolean {
    return this.logic !== undefined;
  }

  get administer(): ((jws: string) => Promise<unknown>) | undefined {
    return this.logic?.administer;
  }

  override stayDown(ms: number): void {
    super.stayDown(ms);
    this.#parts.keep.journal.losePower();
  }

  protected async begin(life: Incarnation): Promise<void> {
    const { keep, fabric, books } = this.#parts;
    const ledger = fabric.as({ partyId: this.name, role: 'gateway' });
    const bus = await this.#openBus(life, ledger);
    if (!life.isAlive) return;
    const logic = runGateway({
      ...{ world: this.world, life, keep, ledger, bus, chance: this.chance },
      submitOrder: (jws) => fabric.submitOrder(jws),
      books: () => books,
      skewMs: () => this.skewMs,
    });
    // It may have died as it began.
    if (!life.isAlive) return;
    this.logic = logic;
    this.world.trace.note(this.name, 'started');
  }

  protected ended(): void {
    this.logic = undefined;
    this.world.network.cut(this.name);
  }

  /** Production's own way to a broker in another process. */
  #openBus(life: Incarnation, ledger: Ledger): Promise<MessageBus> {
    const { world, name } = this;
    const identity = identityOf({ who: 'gateway', id: name });
    const log = logOf(life);
    const noted = (level: 'info' | 'warn') => (fields: object, message: string) => {
      log[level](fields, message);
      if (life.isAlive) world.trace.note(name, message);
    };
    return createExternalBus({
      ...{ url: `mqtt://${BROKER_NODE}`, site: SITE, identity },
      password: createCredentials(this.#parts.keep.mqttKey, ledger).passwordOf(identity),
      connector: ({ hostname }) => world.network.connect(name, hostname),
      clock: life.clock(() => this.skewMs),
      random: this.#reconnects,
      log: { info: noted('info'), warn: noted('warn') },
    });
  }
}

/** One or two gateways over one Fabric ledger and one broker, each a process of its own. */
export class FabricSite implements Site {
  readonly isCopied = false;
  readonly broker: BrokerNode;
  readonly gateways: readonly GatewayNode[];
  readonly #world: World;
  readonly #town: Town;
  readonly #fabric: FabricModel;

  constructor(world: World, town: Town, books: Books) {
    this.#world = world;
    this.#town = town;
    this.#fabric = new FabricModel(world, books);
    const keep = (number: number): GatewayKeep => ({
      ...{ master: town.master, mqttKey: town.mqttKey, journal: new JournalDisk(world, gatewayId(number)) },
      signer: { kid: gatewayId(number), privateKey: town.roleKeys.gateway },
    });
    const fabric = this.#fabric;
    const reader = fabric.as({ partyId: gatewayId(1), role: 'gateway' });
    this.broker = new BrokerNode(world, { keep: keep(1), ledger: reader });
    this.gateways = Array.from({ length: world.plan.gateways }, (_, index) => {
      return new GatewayNode(world, gatewayId(index + 1), { keep: keep(index + 1), fabric, books });
    });
  }

  get books(): ((party: Submitter) => Ledger) | undefined {
    return (party) => ({ ...this.#fabric.as(party), ...this.#fabric.audit() });
  }

  async start(): Promise<void> {
    await this.#fabric.found(genesisOf(this.#town, this.#world.plan.gateways));
    await this.broker.start();
    await Promise.all(this.gateways.map((gateway) => gateway.start()));
  }

  /** No transaction that people must order comes to be needed on a ledger that forgets nothing. */
  async submitOrder(): Promise<void> {}

  /** Fabric's own chain is Fabric's. */
  async verify(): Promise<void> {}

  figures(): Readonly<Record<string, number>> {
    const all = this.gateways.flatMap(({ name, logic }) =>
      Object.entries(logic?.gateway.figures() ?? {}).map(([what, count]) => [`${name}.${what}`, count]),
    );
    return { ...Object.fromEntries(all), ordered: this.#fabric.waiting };
  }

  async stop(): Promise<void> {
    for (const node of [...this.gateways, this.broker]) node.stop();
  }
}
