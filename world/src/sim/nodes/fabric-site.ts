import type { Broker } from '@tapwatt/broker';
import type { Submitter } from '@tapwatt/chaincode';
import { createInProcessBus, type Ledger } from '@tapwatt/gateway';
import type { Books } from '../checks/books.ts';
import type { Chance } from '../kernel/chance.ts';
import { FabricModel } from '../ledger/fabric-model.ts';
import type { World } from '../world.ts';
import { freezeFor } from './freeze-for.ts';
import { type GatewayKeep, type RunningGatewayLogic, runBroker, runGateway } from './gateway-process.ts';
import { Incarnation } from './incarnation.ts';
import { remoteBus } from './remote-bus.ts';
import { BROKER_NODE, gatewayId } from './settings.ts';
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

  /** What it needs is there; whoever brings it starts it. */
  protected canBegin(): boolean {
    return true;
  }

  async start(): Promise<void> {
    const { time } = this.world;
    // One process at a time, however many reasons there are to start it.
    if (this.#stopped || this.#life?.isAlive === true || !this.canBegin()) return;
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

  crash(why: string): void {
    this.#life?.kill(why);
  }

  freeze(ms: number): void {
    freezeFor(this.world, [this.name], ms);
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
  /** Told of every new life of the broker. */
  onStarted: () => void = () => undefined;
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
    this.onStarted();
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
  readonly broker: BrokerNode;
}

class GatewayNode extends Restarting {
  logic: RunningGatewayLogic | undefined;
  readonly #parts: GatewayNodeParts;

  constructor(world: World, name: string, parts: GatewayNodeParts) {
    super(world, name);
    this.#parts = parts;
  }

  get isUp(): boolean {
    return this.logic !== undefined;
  }

  get administer(): ((jws: string) => Promise<unknown>) | undefined {
    return this.logic?.administer;
  }

  /** Its connection to the broker came with a process that is gone: it starts again. */
  reconnect(): void {
    if (this.isUp) this.crash('its broker was started again');
    else void this.start();
  }

  protected override canBegin(): boolean {
    return this.#parts.broker.isUp;
  }

  protected async begin(life: Incarnation): Promise<void> {
    const { keep, fabric } = this.#parts;
    const { broker } = this.#parts.broker;
    if (broker === undefined) return;
    const bus = remoteBus(this.world, createInProcessBus(broker.leg()), this.name);
    const ledger = fabric.as({ partyId: this.name, role: 'gateway' });
    const logic = runGateway({
      ...{ world: this.world, life, keep, ledger, bus, chance: this.chance },
      submitOrder: (jws) => fabric.submitOrder(jws),
      skewMs: () => this.skewMs,
    });
    // It may have died as it began.
    if (!life.isAlive) return;
    this.logic = logic;
    this.world.trace.note(this.name, 'started');
  }

  protected ended(): void {
    this.logic = undefined;
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
      ...{ master: town.master, mqttKey: town.mqttKey, journal: new Map() },
      signer: { kid: gatewayId(number), privateKey: town.roleKeys.gateway },
    });
    const fabric = this.#fabric;
    const reader = fabric.as({ partyId: gatewayId(1), role: 'gateway' });
    const broker = new BrokerNode(world, { keep: keep(1), ledger: reader });
    this.broker = broker;
    this.gateways = Array.from({ length: world.plan.gateways }, (_, index) => {
      return new GatewayNode(world, gatewayId(index + 1), { keep: keep(index + 1), fabric, broker });
    });
    broker.onStarted = () => {
      for (const gateway of this.gateways) gateway.reconnect();
    };
  }

  get books(): ((party: Submitter) => Ledger) | undefined {
    return (party) => ({ ...this.#fabric.as(party), ...this.#fabric.audit() });
  }

  async start(): Promise<void> {
    await this.#fabric.found(genesisOf(this.#town, this.#world.plan.gateways));
    await this.broker.start();
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
