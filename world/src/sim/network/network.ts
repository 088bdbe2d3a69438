import type { Duplex } from 'node:stream';
import type { Chance } from '../kernel/chance.ts';
import type { VirtualTime } from '../kernel/virtual-time.ts';
import { type Carrier, Pipe } from './pipe.ts';

const LEAST_DELAY_MS = 1;
const SPREAD_MS = 30;

interface Held {
  readonly pipe: Pipe;
  readonly arrive: () => void;
}

/** A network in memory between named nodes: seeded delays, partitions, slow and frozen nodes, cut connections. */
export class Network implements Carrier {
  readonly #time: VirtualTime;
  readonly #chance: Chance;
  readonly #listeners = new Map<string, (stream: Pipe) => void>();
  readonly #pipes = new Set<Pipe>();
  readonly #apart = new Set<string>();
  readonly #slow = new Map<string, number>();
  /** What frozen nodes do when they go on. */
  readonly #frozen = new Map<string, (() => void)[]>();
  readonly #diverted = new Map<string, string>();
  #held: Held[] = [];

  constructor(time: VirtualTime, chance: Chance) {
    this.#time = time;
    this.#chance = chance;
  }

  /** Open ends; bounded by the nodes' own limits. */
  get size(): number {
    return this.#pipes.size;
  }

  listen(node: string, accept: (stream: Pipe) => void): void {
    this.#listeners.set(node, accept);
  }

  /** A connection from one node to another; it closes by itself where nobody listens. */
  connect(from: string, name: string): Duplex {
    const to = this.#diverted.get(`${from} ${name}`) ?? name;
    const [near, far] = [new Pipe(from, to, this), new Pipe(to, from, this)];
    for (const pipe of [near, far]) {
      this.#pipes.add(pipe);
      pipe.once('close', () => this.#pipes.delete(pipe));
    }
    near.join(far);
    far.join(near);
    this.carry(near, () => {
      const accept = this.#listeners.get(to);
      if (accept === undefined) near.destroy();
      else if (!far.destroyed) accept(far);
    });
    return near;
  }

  carry(pipe: Pipe, arrive: () => void): void {
    if (this.#isApart(pipe)) {
      this.#held.push({ pipe, arrive });
      return;
    }
    const atMs = Math.max(pipe.lastArrivalMs, this.#time.now() + this.delayMs(pipe.owner, pipe.remote));
    pipe.lastArrivalMs = atMs;
    this.#time.after(atMs - this.#time.now(), () => {
      if (this.#isApart(pipe)) this.#held.push({ pipe, arrive });
      else arrive();
    });
  }

  /** How long something takes from one node to another. */
  delayMs(from: string, to: string): number {
    const factor = Math.max(this.#slow.get(from) ?? 1, this.#slow.get(to) ?? 1);
    return (LEAST_DELAY_MS + this.#chance.below(SPREAD_MS)) * factor;
  }

  /** From now on this name leads a node to another place, or with `undefined` to where it leads everybody. */
  divert(from: string, name: string, to: string | undefined): void {
    if (to === undefined) this.#diverted.delete(`${from} ${name}`);
    else this.#diverted.set(`${from} ${name}`, to);
    this.cut(from);
  }

  /** Nothing comes to this node or from it; connections stay open. */
  isolate(node: string): void {
    this.#apart.add(node);
  }

  isIsolated(node: string): boolean {
    return this.#apart.has(node);
  }

  rejoin(node: string): void {
    this.#apart.delete(node);
    this.#carryHeld();
  }

  /** This node's process stands still: nothing happens in it, nothing comes to it or from it. */
  freeze(node: string): void {
    if (!this.#frozen.has(node)) this.#frozen.set(node, []);
  }

  isFrozen(node: string): boolean {
    return this.#frozen.has(node);
  }

  /** It goes on, with all that has become due meanwhile, and finds that its clock has jumped. */
  thaw(node: string): void {
    const due = this.#frozen.get(node);
    if (due === undefined) return;
    this.#frozen.delete(node);
    for (const run of due) run();
    this.#carryHeld();
  }

  /** Runs at once, or when the node is thawed. */
  whenAwake(node: string, run: () => void): void {
    const due = this.#frozen.get(node);
    if (due === undefined) run();
    else due.push(() => this.whenAwake(node, run));
  }

  isSlow(node: string): boolean {
    return this.#slow.has(node);
  }

  slowDown(node: string, factor: number): void {
    if (factor <= 1) this.#slow.delete(node);
    else this.#slow.set(node, factor);
  }

  isConnected(node: string): boolean {
    return [...this.#pipes].some(({ owner }) => owner === node);
  }

  /** Breaks every connection of a node, as its end does; the other sides learn of it later. */
  cut(node: string): number {
    let count = 0;
    for (const pipe of [...this.#pipes]) {
      if (pipe.owner !== node) continue;
      pipe.destroy();
      count += 1;
    }
    return count;
  }

  /** The node is gone: nobody listens there. */
  silence(node: string): void {
    this.thaw(node);
    this.#listeners.delete(node);
    this.cut(node);
  }

  #isApart({ owner, remote }: Pipe): boolean {
    return [owner, remote].some((node) => this.#apart.has(node) || this.#frozen.has(node));
  }

  #carryHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const { pipe, arrive } of held) this.carry(pipe, arrive);
  }
}
