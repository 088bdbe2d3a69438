import type { Gateway } from '@hyperledger/fabric-gateway';
import { inTime } from '../../edges/deadline.ts';
import type { Clock } from '../../edges/edges.ts';
import { isUnreached } from './stage-errors.ts';

/** One peer's gateway service, as our party sees it. */
export interface Peer {
  readonly address: string;
  readonly gateway: Gateway;
  close(): void;
}

export interface PeerPorts {
  readonly clock: Clock;
  /** How long a peer that was not reached is left alone, ms. */
  readonly restMs: number;
  readonly onReached: (address: string) => void;
  readonly onUnreached: (address: string, error: unknown) => void;
}

/**
 * The peers that we may use. All goes to one, so that we read what we wrote; when that one is not reached, to the next.
 */
export class Peers {
  readonly #peers: readonly Peer[];
  readonly #ports: PeerPorts;
  readonly #restsUntil = new Map<Peer, number>();
  #first = 0;

  constructor(peers: readonly Peer[], ports: PeerPorts) {
    this.#peers = peers;
    this.#ports = ports;
  }

  /** Does something that may be done again elsewhere, at the first peer where it does not fail for `isElsewhere`. */
  async reach<T>(work: (peer: Peer) => Promise<T>, isElsewhere = isUnreached): Promise<T> {
    let failure: unknown;
    for (const peer of this.#inOrder()) {
      try {
        const result = await work(peer);
        this.#reached(peer);
        return result;
      } catch (error) {
        if (!isElsewhere(error)) throw error;
        this.#rest(peer, error);
        failure = error;
      }
    }
    throw failure;
  }

  /** The one to turn to first; whether it is reached will show. */
  get first(): Peer {
    const [first] = this.#inOrder();
    if (first === undefined) throw new Error('A gateway has at least one peer.');
    return first;
  }

  /** Asks every peer; what those answer that are reached, and answer within `afterMs`. */
  async all<T>(work: (peer: Peer) => Promise<T>, afterMs: number): Promise<readonly T[]> {
    const { clock } = this.#ports;
    const reason = (): Error => new Error(`The peer did not answer within ${afterMs} ms.`);
    const asked = this.#peers.map((peer) => inTime(work(peer), { clock, afterMs, reason }));
    const answers = await Promise.allSettled(asked);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  }

  get count(): number {
    return this.#peers.length;
  }

  close(): void {
    for (const peer of this.#peers) peer.close();
  }

  /** From the one in use on; those that rest last, for they may be back. */
  #inOrder(): readonly Peer[] {
    const round = this.#peers.map((_, n) => this.#peers[(this.#first + n) % this.#peers.length]);
    const now = this.#ports.clock.monotonicMs();
    const rests = (peer: Peer): boolean => (this.#restsUntil.get(peer) ?? 0) > now;
    const peers = round.filter((peer) => peer !== undefined);
    return [...peers.filter((peer) => !rests(peer)), ...peers.filter(rests)];
  }

  #reached(peer: Peer): void {
    this.#first = this.#peers.indexOf(peer);
    if (this.#restsUntil.delete(peer)) this.#ports.onReached(peer.address);
  }

  /** Told once, however often it is tried in vain. */
  #rest(peer: Peer, error: unknown): void {
    const isKnown = this.#restsUntil.has(peer);
    this.#restsUntil.set(peer, this.#ports.clock.monotonicMs() + this.#ports.restMs);
    if (!isKnown) this.#ports.onUnreached(peer.address, error);
  }
}
