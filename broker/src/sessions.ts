import type { Client } from 'aedes';
import type { Grant } from './acl.ts';
import type { GuardedStream } from './guarded-stream.ts';

/** One client that was let in, from its registration in aedes to its end. */
export interface Session {
  readonly grant: Grant;
  readonly client: Client;
  readonly stream: GuardedStream;
  readonly filters: Set<string>;
  /** Of the newest message written straight to the connection. */
  packetId: number;
}

export type PresenceListener = (identity: string, connected: boolean) => void;

interface Slot {
  active?: Session | undefined;
  /** Resolved when the active session has ended. */
  ended?: PromiseWithResolvers<void> | undefined;
  /** The claim before the next one; claims of one identity are let in one by one. */
  tail: Promise<void>;
  waiting: number;
  announced: boolean;
}

/** A connection's turn to become its identity's session; `settle` lets the next one in (once; later calls do nothing). */
export interface Claim {
  settle(): void;
}

/**
 * Who is connected. Connections of one identity are let in one after another, each after the session before it has
 * ended for good, because aedes loses the newest of three that come together. Presence is announced from here:
 * `true` at a session's first granted subscription, `false` when no session is left, and nothing in between when one
 * connection takes over from another.
 */
export class Sessions {
  readonly #slots = new Map<string, Slot>();
  readonly #listeners = new Set<PresenceListener>();
  readonly #maxWaiting: number;
  readonly #ordered: boolean;

  constructor(options: { maxWaiting: number; ordered: boolean }) {
    this.#maxWaiting = options.maxWaiting;
    this.#ordered = options.ordered;
  }

  get size(): number {
    let active = 0;
    for (const slot of this.#slots.values()) if (slot.active !== undefined) active++;
    return active;
  }

  get(identity: string): Session | undefined {
    return this.#slots.get(identity)?.active;
  }

  isConnected(identity: string): boolean {
    return (this.get(identity)?.filters.size ?? 0) > 0;
  }

  *listening(): Iterable<string> {
    for (const [identity, { active }] of this.#slots) if ((active?.filters.size ?? 0) > 0) yield identity;
  }

  /** All sessions, to be swept. */
  *all(): Iterable<Session> {
    for (const { active } of this.#slots.values()) if (active !== undefined) yield active;
  }

  onPresence(listener: PresenceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Waits for this connection's turn and ends the session before it; undefined when too many wait already. */
  async claim(identity: string): Promise<Claim | undefined> {
    const slot = this.#slotOf(identity);
    if (!this.#ordered) return { settle: () => {} };
    if (slot.waiting >= this.#maxWaiting) return undefined;
    const before = slot.tail;
    const turn = Promise.withResolvers<void>();
    slot.tail = turn.promise;
    slot.waiting++;
    await before;
    await this.#evict(slot);
    return { settle: once(() => this.#settle(identity, slot, turn)) };
  }

  open(session: Session): void {
    const slot = this.#slotOf(session.grant.identity);
    slot.active = session;
    slot.ended = Promise.withResolvers<void>();
  }

  /** A subscription was granted: from the first one on the identity is listening. */
  subscribed(session: Session, filters: readonly string[]): void {
    const first = session.filters.size === 0 && filters.length > 0;
    for (const filter of filters) session.filters.add(filter);
    const slot = this.#slots.get(session.grant.identity);
    if (!first || slot?.active !== session) return;
    slot.announced = true;
    this.#announce(session.grant.identity, true);
  }

  ended(identity: string, client: Client): void {
    const slot = this.#slots.get(identity);
    if (slot?.active === undefined || slot.active.client !== client) return;
    slot.active = undefined;
    slot.ended?.resolve();
    this.#tidy(identity, slot);
  }

  #slotOf(identity: string): Slot {
    const known = this.#slots.get(identity);
    if (known !== undefined) return known;
    const slot: Slot = { tail: Promise.resolve(), waiting: 0, announced: false };
    this.#slots.set(identity, slot);
    return slot;
  }

  async #evict(slot: Slot): Promise<void> {
    if (slot.active === undefined) return;
    slot.active.client.close();
    await slot.ended?.promise;
  }

  #settle(identity: string, slot: Slot, turn: PromiseWithResolvers<void>): void {
    slot.waiting--;
    turn.resolve();
    this.#tidy(identity, slot);
  }

  /** The end of an identity's last connection: said once, and nothing is kept of it. */
  #tidy(identity: string, slot: Slot): void {
    if (slot.active !== undefined || slot.waiting > 0) return;
    this.#slots.delete(identity);
    if (slot.announced) this.#announce(identity, false);
  }

  #announce(identity: string, connected: boolean): void {
    for (const listener of this.#listeners) listener(identity, connected);
  }
}

const once = (act: () => void) => {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
};
