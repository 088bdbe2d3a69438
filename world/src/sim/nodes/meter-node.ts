import { bytesToHex, decodeReceipt, type MeterClock, RESULT } from '@tapwatt/firmware-contracts';
import {
  CuttableNvm,
  constantLoad,
  METER_NVM_WORDS,
  MemoryNvm,
  Meter,
  type MeterCard,
  meterCard,
  meterClock,
  mqttLinks,
  type NvmStorage,
  provisionMemory,
} from '@tapwatt/simulator';
import type { CreditLog } from '../checks/credit-log.ts';
import type { ForgedFrames } from '../faults/forged-frames.ts';
import type { FaultKind } from '../faults/kinds.ts';
import { troubledLinks } from '../faults/messages.ts';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';
import { freezeFor } from './freeze-for.ts';
import { BROKER_NODE, SITE } from './settings.ts';
import type { TownMeter } from './town.ts';

const TICK_MS = 600_000;
const MILLIS = 1_000;
const KEEPALIVE_S = 600;
const LOAD_W = 800;
const MOST_OFF_MS = 20_000;
/** A cut at a word waits so long for somebody to write. */
const MOST_ARMED_MS = 60_000;
/** Words of one commit of the record, and of one recovery, at the most: where the power may go. */
export const COMMIT_WORDS = METER_NVM_WORDS / 2;
const ALL_BITS = 0xffff_ffff;
const RECEIPT_ID_AT = [24, 40] as const;

/** One meter of the world: production's simulated meter on a memory whose power goes at any word. */
export class MeterNode {
  readonly name: string;
  readonly meterId: string;
  skewMs = 0;
  readonly #world: World;
  readonly #town: TownMeter;
  readonly #credits: CreditLog;
  readonly #forger: ForgedFrames;
  readonly #chance: Chance;
  #board = new MemoryNvm(METER_NVM_WORDS);
  #power = new CuttableNvm(this.#board);
  #meter: Meter;
  /** Words written since the newest sync, and what they were before. */
  readonly #unsynced = new Map<number, number>();
  #isOff = true;
  /** What the power is about to go for, counted when it does. */
  #armed: FaultKind | undefined;
  #stopWaiting: () => void = () => undefined;

  constructor(world: World, town: TownMeter, of: { credits: CreditLog; forger: ForgedFrames }) {
    this.name = `meter-${town.meterId}`;
    this.meterId = town.meterId;
    this.#world = world;
    this.#town = town;
    const { credits, forger } = of;
    this.#credits = credits;
    this.#forger = forger;
    this.#chance = world.chance(`power of ${this.name}`);
    provisionMemory(this.#board, town.provisioning);
    credits.look(town.meterId, this.#board);
    this.#meter = this.#newMeter();
    this.#tickLater();
  }

  get isUp(): boolean {
    return this.#meter.isUp;
  }

  get receiptNo(): number {
    return this.#meter.state?.meter.record?.receiptNo ?? 0;
  }

  get isAwake(): boolean {
    return this.#meter.isPowered && !this.#world.network.isFrozen(this.name);
  }

  start(): void {
    this.#isOff = false;
    this.#powerOn();
  }

  /** No power until `start`; answers whether it had any. */
  stop(): boolean {
    this.#isOff = true;
    return this.#powerOff();
  }

  /** The power goes at the n-th word written from now on, for a moment: counted as this fault where it comes to that. */
  cutAtWord(word: number, as: FaultKind): void {
    if (this.#armed !== undefined || !this.#meter.isPowered) return;
    this.#armed = as;
    this.#power.cutAfter({ writes: word });
    this.#stopWaiting();
    this.#stopWaiting = this.#world.time.after(MOST_ARMED_MS, () => this.#isSpared());
  }

  /** The power goes for a moment while nothing is written; answers whether there was any. */
  cutAtRest(): boolean {
    const hadPower = this.#powerOff();
    if (hadPower) this.#comeBackSoon();
    return hadPower;
  }

  /** As a reader in its field has it; a frozen meter does not answer. */
  card(link: string): MeterCard {
    const card = meterCard(this.#meter, link);
    const isFrozen = (): boolean => this.#world.network.isFrozen(this.name);
    return {
      transmit: (command) => (isFrozen() ? undefined : card.transmit(command)),
      release: card.release,
    };
  }

  freeze(ms: number): boolean {
    return this.#meter.isPowered && freezeFor(this.#world, [this.name], ms);
  }

  /** Somebody puts another board in: blank memory. */
  swapBoard(): void {
    this.#meter.powerOff();
    this.#armed = undefined;
    this.#board = new MemoryNvm(METER_NVM_WORDS);
    this.#power = new CuttableNvm(this.#board);
    this.#credits.replaced(this.meterId);
    this.#meter = this.#newMeter();
    this.start();
  }

  #newMeter(): Meter {
    const { world, time } = { world: this.#world, time: this.#world.time };
    const after = (ms: number, run: () => void) =>
      time.after(ms, () => world.network.whenAwake(this.name, run));
    const own = { now: () => time.now() + this.skewMs, after };
    const links = mqttLinks({
      connector: () => world.network.connect(this.name, BROKER_NODE),
      time: { now: () => time.now(), after },
      random: world.chance(`reconnects of ${this.name}`),
      keepaliveS: KEEPALIVE_S,
    });
    return new Meter({
      ...{ ...this.#town.provisioning, site: SITE, password: this.#town.password, time: own },
      storage: this.#watched(),
      links: this.#forger.around(troubledLinks(world, links, { node: this.name, reordersUp: false }), {
        name: this.name,
        record: () => this.#meter.state?.meter.record,
      }),
      load: constantLoad(LOAD_W),
      observe: (seen) => {
        if (seen.type === 'power-cut') this.#onCut();
        if (seen.type === 'said' && seen.channel === 'status')
          this.#credits.heard(this.meterId, seen.payload);
        if (seen.type === 'said') world.written(`topic up/${seen.channel}`, seen.payload);
        if (seen.type === 'said' && seen.channel === 'rcpt') {
          this.#checkExpired(seen.payload);
          world.trace.note(this.name, `said ${seen.payload[1]} to ${voucherIdIn(seen.payload)}`);
        }
        if (seen.type === 'up' || seen.type === 'down') world.trace.note(this.name, seen.type);
      },
    });
  }

  /** The memory with an eye on it: after every commit the truth is what a start would find. */
  #watched(): NvmStorage {
    const power = this.#power;
    return {
      words: power.words,
      read: (word) => power.read(word),
      write: (word, value) => {
        const before = this.#board.read(word);
        power.write(word, value);
        if (!this.#unsynced.has(word)) this.#unsynced.set(word, before);
      },
      sync: () => {
        power.sync();
        this.#unsynced.clear();
        this.#credits.look(this.meterId, this.#board, this.#clock);
      },
    };
  }

  get #clock(): MeterClock | undefined {
    const { state } = this.#meter;
    return state && meterClock(state, Math.floor((this.#world.time.now() + this.skewMs) / MILLIS));
  }

  /** Before a courier or its broker has told it the time a meter cannot know that a voucher has expired. */
  #checkExpired(receipt: Uint8Array): void {
    const decoded = decodeReceipt(receipt);
    if (!decoded.ok || decoded.fields.result !== RESULT.EXPIRED || this.#clock?.trust !== 0) return;
    this.#world.violated('I4', `${this.name} called ${decoded.fields.voucherId} expired, and has no time`);
  }

  /** At a word, where the memory stopped it: what it did not finish is half written. */
  #onCut(): void {
    if (this.#armed !== undefined) this.#world.tally.fault(this.#armed);
    this.#armed = undefined;
    this.#tearWords();
    this.#hasLostPower();
    this.#comeBackSoon();
  }

  /** Of what was written since the newest sync each word may be as it was, as it was to be, or anything between. */
  #tearWords(): void {
    const chance = this.#chance;
    if (this.#unsynced.size > 0 && chance.happens(this.#world.strength('meter-words-torn'))) {
      for (const [word, before] of this.#unsynced) {
        const mask = chance.pick([0, ALL_BITS, chance.below(ALL_BITS)]);
        const written = this.#board.read(word);
        this.#board.write(word, ((written & mask) | (before & ~mask)) >>> 0);
      }
      this.#world.tally.fault('meter-words-torn');
    }
    this.#unsynced.clear();
  }

  /** Between two commits; answers whether there was any power. */
  #powerOff(): boolean {
    const hadPower = this.#meter.isPowered;
    this.#isSpared();
    this.#meter.powerOff();
    if (hadPower) this.#hasLostPower();
    return hadPower;
  }

  #hasLostPower(): void {
    this.#world.tally.did('power cuts');
    this.#world.trace.note(this.name, 'power cut');
    this.#world.network.thaw(this.name);
  }

  #comeBackSoon(): void {
    this.#world.time.after(1 + this.#chance.below(MOST_OFF_MS), () => this.#comeBack());
  }

  #comeBack(): void {
    if (this.#meter.isPowered) return;
    this.#power.restore();
    this.#credits.look(this.meterId, this.#board);
    if (this.#isOff) return;
    if (this.#chance.happens(this.#world.strength('meter-cut-in-recovery'))) {
      this.#armed = 'meter-cut-in-recovery';
      this.#power.cutAfter({ reads: this.#chance.below(COMMIT_WORDS) });
    }
    this.#powerOn();
    if (this.#meter.isPowered) this.#isSpared();
  }

  /** What the power was about to go for did not come. */
  #isSpared(): void {
    if (this.#armed === undefined) return;
    this.#armed = undefined;
    this.#power.cutAfter({});
  }

  #powerOn(): void {
    if (!this.#power.isOff) this.#meter.powerOn();
  }

  #tickLater(): void {
    this.#world.time.after(TICK_MS, () => {
      this.#world.network.whenAwake(this.name, () => this.#meter.tick(TICK_MS));
      this.#tickLater();
    });
  }
}

const voucherIdIn = (receipt: Uint8Array): string => bytesToHex(receipt.subarray(...RECEIPT_ID_AT));
