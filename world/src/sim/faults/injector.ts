import type { HandsetNode } from '../nodes/handset-node.ts';
import { COMMIT_WORDS, type MeterNode } from '../nodes/meter-node.ts';
import { BROKER_NODE } from '../nodes/settings.ts';
import type { Site } from '../nodes/site.ts';
import type { World } from '../world.ts';
import type { LedgerCopies } from './copies.ts';
import type { FaultKind } from './kinds.ts';

export interface Population {
  readonly site: Site;
  readonly meters: readonly MeterNode[];
  readonly handsets: readonly HandsetNode[];
  /** Of an embedded ledger. */
  readonly copies: LedgerCopies | undefined;
}

/** What befalls somebody; answers whether anything did. What comes of it later is counted then, where it comes. */
type Strike = (chance: ReturnType<World['chance']>) => boolean;

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const MOST_YEARS = 5;

/** Mean time between two faults of a kind at full strength, ms. Kinds without one strike where they are asked about. */
const EVERY_MS: Partial<Record<FaultKind, number>> = {
  'connection-cut': 1.5 * SECOND_MS,
  partition: 40 * SECOND_MS,
  'slow-node': 40 * SECOND_MS,
  'frozen-node': 40 * SECOND_MS,
  'gateway-crash': 15 * SECOND_MS,
  'broker-crash': 60 * SECOND_MS,
  'clock-jump': 60 * SECOND_MS,
  'meter-cut-at-word': 4 * SECOND_MS,
  'meter-cut-at-rest': 8 * SECOND_MS,
  'meter-outage': 60 * SECOND_MS,
  'handset-crash': 8 * SECOND_MS,
  'handset-wiped': 120 * SECOND_MS,
  'board-blank': 20 * MINUTE_MS,
  blackout: 3 * MINUTE_MS,
  'ledger-restored': 14 * SECOND_MS,
  'ledger-cloned': 20 * SECOND_MS,
};

/** Strikes at random moments while the world is troubled; what it has broken heals with the world. */
export class Injector {
  readonly #world: World;
  readonly #of: Population;
  readonly #strikes: Partial<Record<FaultKind, Strike>>;

  constructor(world: World, of: Population) {
    this.#world = world;
    this.#of = of;
    this.#strikes = this.#allStrikes();
  }

  start(): void {
    for (const kind of Object.keys(EVERY_MS) as FaultKind[]) {
      if (kind === 'broker-crash' && this.#of.site.broker === undefined) continue;
      if (this.#world.strength(kind) > 0) this.#strikeLater(kind, this.#world.chance(`fault ${kind}`));
    }
  }

  /** Mends what lasts: everybody is back, and together. Clocks stay as wrong as they are. */
  heal(): void {
    const { network } = this.#world;
    this.#of.copies?.heal();
    for (const node of this.#nodes()) {
      network.slowDown(node, 1);
      network.thaw(node);
      if (network.isIsolated(node)) network.rejoin(node);
    }
    for (const device of this.#devices()) device.start();
  }

  #devices(): readonly (MeterNode | HandsetNode)[] {
    return [...this.#of.meters, ...this.#of.handsets];
  }

  /** Everybody as the network knows them. */
  #nodes(): string[] {
    const { gateways } = this.#of.site;
    const inside = gateways.map(({ name, address = name }) => address);
    return [...new Set([BROKER_NODE, ...inside, ...this.#devices().map(({ name }) => name)])];
  }

  #strikeLater(kind: FaultKind, chance: ReturnType<World['chance']>): void {
    const strength = this.#world.strength(kind);
    const meanMs = EVERY_MS[kind];
    if (strength === 0 || meanMs === undefined) return;
    const delayMs = (-Math.log(1 - chance.next()) * meanMs) / strength;
    this.#world.inLight(delayMs, () => {
      if (this.#world.strength(kind) === 0) return;
      if (this.#strikes[kind]?.(chance)) this.#world.tally.fault(kind);
      this.#strikeLater(kind, chance);
    });
  }

  #allStrikes(): Partial<Record<FaultKind, Strike>> {
    const { network, time, trace } = this.#world;
    const { site, meters, handsets, copies } = this.#of;
    return {
      'connection-cut': (chance) => {
        const connected = this.#nodes().filter((node) => network.isConnected(node));
        return connected.length > 0 && network.cut(chance.pick(connected)) > 0;
      },
      partition: (chance) => {
        const node = chance.pick(this.#nodes());
        if (network.isIsolated(node)) return false;
        trace.note(node, 'is cut off');
        network.isolate(node);
        time.after(chance.between(SECOND_MS, 2 * MINUTE_MS), () => network.rejoin(node));
        return true;
      },
      'slow-node': (chance) => {
        const node = chance.pick(this.#nodes());
        if (network.isSlow(node)) return false;
        network.slowDown(node, chance.between(10, 300));
        time.after(chance.between(SECOND_MS, MINUTE_MS), () => network.slowDown(node, 1));
        return true;
      },
      'frozen-node': (chance) => {
        const processes = [...site.gateways, ...(site.broker === undefined ? [] : [site.broker])];
        const node = chance.pick([...processes, ...this.#devices()]);
        return node.freeze(chance.between(SECOND_MS, 90 * SECOND_MS));
      },
      'gateway-crash': (chance) => chance.pick(site.gateways).crash('at random'),
      'broker-crash': () => site.broker?.crash('at random') ?? false,
      'clock-jump': (chance) => {
        const node = chance.pick([...site.gateways, ...this.#devices()]);
        const years = (chance.next() * 2 - 1) * MOST_YEARS;
        node.skewMs = Math.round(chance.happens(0.5) ? years * YEAR_MS : years * MINUTE_MS);
        trace.note(node.name, `clock is wrong by ${node.skewMs} ms`);
        return true;
      },
      'meter-cut-at-word': (chance) => {
        chance.pick(meters).cutAtWord(chance.below(COMMIT_WORDS), 'meter-cut-at-word');
        return false;
      },
      'meter-cut-at-rest': (chance) => chance.pick(meters).cutAtRest(),
      'meter-outage': (chance) => {
        const meter = chance.pick(meters);
        trace.note(meter.name, 'outage');
        const hadPower = meter.stop();
        time.after(chance.between(SECOND_MS, 3 * MINUTE_MS), () => {
          if (!this.#world.isDark) meter.start();
        });
        return hadPower;
      },
      'handset-crash': (chance) => chance.pick(handsets).crash(false),
      'handset-wiped': (chance) => chance.pick(handsets).crash(true),
      'board-blank': (chance) => {
        const meter = chance.pick(meters);
        trace.note(meter.name, 'has another board');
        meter.swapBoard();
        return true;
      },
      'ledger-restored': (chance) => {
        copies?.backUp(chance);
        return false;
      },
      'ledger-cloned': (chance) => copies?.copy(chance) ?? false,
      blackout: (chance) => this.#blackout(chance.between(HOUR_MS, 72 * HOUR_MS)),
    };
  }

  /** The whole place is without power for hours. */
  #blackout(ms: number): boolean {
    const { time, trace } = this.#world;
    trace.note('town', `blackout for ${ms} ms`);
    this.#world.darken(ms);
    for (const device of this.#devices()) device.stop();
    for (const gateway of this.#of.site.gateways) gateway.stayDown(ms);
    this.#of.site.broker?.stayDown(ms);
    time.after(ms, () => {
      for (const device of this.#devices()) device.start();
    });
    return true;
  }
}
