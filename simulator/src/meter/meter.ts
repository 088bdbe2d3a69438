import { identityOf, type MeterDownChannel, type MeterUpChannel, topics } from '@tapwatt/firmware-contracts';
import type { Link, LinkFactory } from '../link/link.ts';
import { MeterMemory } from '../nvm/meter-memory.ts';
import { PowerCut } from '../nvm/power-cut.ts';
import type { NvmStorage } from '../nvm/storage.ts';
import type { Time } from '../time/time.ts';
import { type Behaviour, HONEST, type Passing } from './behaviour.ts';
import { balanceOf, type DeviceState, storedRecordOf } from './device-state.ts';
import type { DeviceEffect } from './effects.ts';
import { householdLoad, type Load } from './load.ts';
import { type MeterIdentity, powerOn } from './power-on.ts';
import type { MeterSettings } from './settings.ts';
import { type DeviceInput, step } from './step.ts';

/** What can be seen of a meter from outside. */
export type MeterObservation =
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly reason: string }
  | { readonly type: 'relay'; readonly closed: boolean }
  | {
      readonly type: 'said';
      readonly channel: MeterUpChannel;
      readonly payload: Uint8Array;
      readonly sent: boolean;
    }
  | { readonly type: 'power-cut' }
  | { readonly type: 'memory-failed'; readonly error: unknown };

export interface MeterOptions extends MeterIdentity {
  readonly site: string;
  readonly password: string;
  readonly storage: NvmStorage;
  readonly links: LinkFactory;
  readonly time: Time;
  readonly settings?: MeterSettings;
  readonly load?: Load;
  readonly behaviour?: Behaviour;
  readonly observe?: (observation: MeterObservation) => void;
}

const DOWN_CHANNELS: readonly MeterDownChannel[] = ['vch', 'ack', 'time', 'cfg'];
const MILLIS = 1_000;
/** The most messages that a slow meter holds at one time. */
const MAX_HELD = 1_024;

/**
 * A simulated meter on MQTT: the shell around `step`. It makes the commits of a step before the new state counts and
 * before anything is said, so that a receipt never leaves ahead of its credit. It has no timer of its own: `tick` and
 * `read` are called from outside.
 */
export class Meter {
  readonly #options: MeterOptions;
  readonly #link: Link;
  readonly #memory: () => MeterMemory;
  readonly #upTopics: (channel: MeterUpChannel) => string;
  readonly #downChannels: ReadonlyMap<string, MeterDownChannel>;
  readonly #load: Load;
  #running: { readonly memory: MeterMemory; state: DeviceState } | undefined;
  #behaviour: Behaviour;
  #held = 0;

  constructor(options: MeterOptions) {
    this.#options = options;
    this.#behaviour = options.behaviour ?? HONEST;
    this.#load = options.load ?? householdLoad();
    this.#memory = () => new MeterMemory(options.storage);
    const own = topics(options.site).meter(options.meterId);
    this.#upTopics = own.up;
    this.#downChannels = new Map(DOWN_CHANNELS.map((channel) => [own.down(channel), channel]));
    const identity = identityOf({ who: 'meter', id: options.meterId.toString() });
    this.#link = options.links(
      { identity, password: options.password, filters: [own.downFilter] },
      {
        up: () => this.#linkUp(),
        down: (reason) => this.#linkDown(reason),
        message: (topic, payload) => this.#receive(topic, payload),
      },
    );
  }

  get meterId(): MeterIdentity['meterId'] {
    return this.#options.meterId;
  }

  get isUp(): boolean {
    return this.#link.isUp;
  }

  get isPowered(): boolean {
    return this.#running !== undefined;
  }

  /** What the meter holds now; `undefined` without power. */
  get state(): DeviceState | undefined {
    return this.#running?.state;
  }

  /** Balance in minor units; 0 without power or record. */
  get balance(): bigint {
    return this.#running === undefined ? 0n : balanceOf(this.#running.state);
  }

  /** Starts from the memory and connects. May be cut again while it reads. */
  powerOn(): void {
    if (this.#running !== undefined) return;
    try {
      const memory = this.#memory();
      const { settings } = this.#options;
      const state = powerOn(this.#options, memory, { nowS: this.#nowS(), ...(settings && { settings }) });
      this.#running = { memory, state };
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#observe({ type: 'relay', closed: this.#running.state.relayClosed });
    this.#link.connect();
  }

  /** Everything in RAM is lost and the connection breaks without a word. */
  powerOff(): void {
    if (this.#running === undefined) return;
    this.#running = undefined;
    this.#link.drop();
  }

  async close(): Promise<void> {
    this.#running = undefined;
    await this.#link.close();
  }

  /** Lets `elapsedMs` of consumption pass. */
  tick(elapsedMs: number): void {
    this.#take({ type: 'consumed', elapsedMs, powerW: this.#load(this.#options.time.now()) });
  }

  /** Measures: the reading is published, or kept until there is a connection. */
  read(): void {
    this.#take({ type: 'read', powerW: this.#load(this.#options.time.now()) });
  }

  /** Somebody opens the case. */
  openCase(): void {
    this.#take({ type: 'tamper' });
  }

  /**
   * Answers a command APDU of an NFC reader or a serial line, `link` by name; `undefined` where no answer comes, because
   * the meter has no power or loses it over this command. Behaviours concern MQTT alone.
   */
  exchange(link: string, apdu: Uint8Array): Uint8Array | undefined {
    const effects = this.#take({ type: 'command', link, apdu });
    return effects?.find((effect) => effect.type === 'respond')?.response;
  }

  /** The reader is taken away, or the line is. */
  loseField(link: string): void {
    this.#take({ type: 'field-lost', link });
  }

  misbehave(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
  }

  #linkUp(): void {
    this.#observe({ type: 'up' });
    this.#take({ type: 'link-up' });
  }

  #linkDown(reason: string): void {
    this.#take({ type: 'link-down' });
    this.#observe({ type: 'down', reason });
  }

  #receive(topic: string, payload: Uint8Array): void {
    const channel = this.#downChannels.get(topic);
    if (channel === undefined) return;
    const message = { channel, payload, delayMs: 0 };
    for (const passing of this.#behaviour.incoming?.(message) ?? [message]) {
      this.#later(passing, () =>
        this.#take({ type: 'frame', channel: passing.channel, payload: passing.payload }),
      );
    }
  }

  /** What was done because of it; `undefined` without power, and when the power went. */
  #take(input: DeviceInput): readonly DeviceEffect[] | undefined {
    const running = this.#running;
    if (running === undefined) return undefined;
    const { state, effects } = step(running.state, input, this.#nowS());
    try {
      for (const effect of effects) this.#commit(effect, state, running.memory);
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
    running.state = state;
    for (const effect of effects) this.#act(effect);
    return effects;
  }

  #commit(effect: DeviceEffect, state: DeviceState, memory: MeterMemory): void {
    if (effect.type === 'commit-charge') memory.commitCharge(state.register);
    const stored = effect.type === 'commit-record' ? storedRecordOf(state) : undefined;
    if (stored !== undefined) memory.commitRecord(stored);
  }

  #act(effect: DeviceEffect): void {
    if (effect.type === 'relay') this.#observe(effect);
    if (effect.type === 'publish') this.#say({ ...effect, delayMs: 0 });
  }

  #say(message: Passing<MeterUpChannel>): void {
    for (const passing of this.#behaviour.outgoing?.(message) ?? [message]) {
      this.#later(passing, () => {
        const sent = this.#link.publish(this.#upTopics(passing.channel), passing.payload);
        this.#observe({ type: 'said', channel: passing.channel, payload: passing.payload, sent });
      });
    }
  }

  /** What is held is in RAM: it is lost with the power, and beyond `MAX_HELD` messages. */
  #later(passing: { readonly delayMs: number }, run: () => void): void {
    if (passing.delayMs <= 0) {
      run();
      return;
    }
    const running = this.#running;
    if (this.#held >= MAX_HELD) return;
    this.#held += 1;
    this.#options.time.after(passing.delayMs, () => {
      this.#held -= 1;
      if (running === this.#running) run();
    });
  }

  /** A commit that failed leaves the memory old or new, and only a start from it tells which. */
  #fail(error: unknown): void {
    this.powerOff();
    this.#observe(error instanceof PowerCut ? { type: 'power-cut' } : { type: 'memory-failed', error });
  }

  #observe(observation: MeterObservation): void {
    this.#options.observe?.(observation);
  }

  #nowS(): number {
    return Math.floor(this.#options.time.now() / MILLIS);
  }
}
