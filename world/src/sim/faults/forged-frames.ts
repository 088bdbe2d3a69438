import type { MeterRecord } from '@tapwatt/firmware-contracts';
import type { LinkFactory } from '@tapwatt/simulator';
import type { Chance } from '../kernel/chance.ts';
import { tappedLinks } from '../network/tapped-links.ts';
import type { World } from '../world.ts';
import { withABitTurned } from './bit-turned.ts';

/** One of so many frames has a forged one after it, or an old one, at full strength. */
const PROBABILITY = 0.3;
/** Of each channel; more than a meter’s window is wide. */
const MAX_KEPT = 200;

interface Kept {
  readonly topic: string;
  readonly payload: Uint8Array;
}

/** Whose frames are forged, and what it keeps now; `undefined` without power. */
export interface ForgedMeter {
  readonly name: string;
  readonly record: () => MeterRecord | undefined;
}

/**
 * Somebody on the way between meters and gateway who has no key: says genuine frames again with a bit turned, and those of
 * one meter to another, in both directions. A meter must not change by what its issuer did not make for it.
 */
export class ForgedFrames {
  readonly #world: World;
  readonly #chance: Chance;
  /** Genuine frames to meters, by channel. */
  readonly #kept = new Map<string, Kept[]>();

  constructor(world: World) {
    this.#world = world;
    this.#chance = world.chance('forged frames');
  }

  around(links: LinkFactory, meter: ForgedMeter): LinkFactory {
    return tappedLinks(links, {
      incoming: (topic, payload, pass) => {
        pass(topic, payload);
        const forged = this.#forgedFor({ topic, payload });
        if (forged !== undefined) this.#show(meter, channelOf(topic), () => pass(topic, forged));
        const old = this.#oldFor(topic);
        if (old !== undefined) pass(old.topic, old.payload);
      },
      outgoing: (topic, payload, link) => {
        const isSent = link.publish(topic, payload);
        if (isSent && this.#strikes('frame-forged')) link.publish(topic, this.#turned(payload));
        return isSent;
      },
    });
  }

  #strikes(kind: 'frame-forged' | 'frame-replayed'): boolean {
    if (!this.#chance.happens(this.#world.strength(kind) * PROBABILITY)) return false;
    this.#world.tally.fault(kind);
    return true;
  }

  #forgedFor(genuine: Kept): Uint8Array | undefined {
    const forged = this.#strikes('frame-forged') ? this.#choose(genuine) : undefined;
    this.#keep(genuine);
    return forged;
  }

  /** A genuine one that the same meter was sent before, however long ago. */
  #oldFor(topic: string): Kept | undefined {
    if (!this.#strikes('frame-replayed')) return undefined;
    const own = topic.slice(0, topic.lastIndexOf('/'));
    const old = [...this.#kept.values()].flat().filter((frame) => frame.topic.startsWith(`${own}/`));
    return this.#chance.oneOf(old);
  }

  /** This one with a bit turned, or one that another meter was sent. */
  #choose({ topic, payload }: Kept): Uint8Array {
    const others = (this.#kept.get(channelOf(topic)) ?? []).filter((other) => other.topic !== topic);
    if (others.length === 0 || this.#chance.happens(0.5)) return this.#turned(payload);
    return this.#chance.pick(others).payload;
  }

  #turned(payload: Uint8Array): Uint8Array {
    return withABitTurned(payload, this.#chance);
  }

  #keep(frame: Kept): void {
    const kept = this.#kept.get(channelOf(frame.topic)) ?? [];
    this.#kept.set(channelOf(frame.topic), [...kept, frame].slice(-MAX_KEPT));
  }

  #show({ name, record }: ForgedMeter, channel: string, show: () => void): void {
    const before = record();
    show();
    const after = record();
    if (before === undefined || after === undefined || before === after) return;
    this.#world.violated('rights', `${name} was changed by a forged frame on ${channel}`);
  }
}

const channelOf = (topic: string): string => topic.slice(topic.lastIndexOf('/') + 1);
