import { parseJws, type RequestResult, type TapState, topics } from '@tapwatt/firmware-contracts';
import {
  type BagStore,
  Handset,
  type Link,
  type LinkFactory,
  memoryBagStore,
  memoryRequestStore,
  mqttLinks,
  type RequestStore,
  type Wish,
  type WishNotes,
} from '@tapwatt/simulator';
import type { Answers } from '../checks/answers.ts';
import { troubledLinks } from '../faults/messages.ts';
import { tappedLinks } from '../network/tapped-links.ts';
import type { World } from '../world.ts';
import { freezeFor } from './freeze-for.ts';
import { COMMIT_WORDS, type MeterNode } from './meter-node.ts';
import { BROKER_NODE, LEDGER_ID, SITE } from './settings.ts';
import { Tap } from './tap.ts';
import type { TownHandset } from './town.ts';

const TICK_MS = 1_000;
const KEEPALIVE_S = 600;
const MAX_OUTSTANDING = 6;
const MAX_SAID = 100;
const MOST_DOWN_MS = 10_000;
/** One of so many taps, at full strength. */
const REPEATED = 0.5;
const LOST = 0.3;
const REPEATED_WITHIN_MS = 20;

/** One agent's handset: production's simulated handset, which may crash with or without its stored requests. */
export class HandsetNode {
  readonly name: string;
  readonly town: TownHandset;
  skewMs = 0;
  /** Vouchers that it was issued, as far as it knows. */
  readonly vouchers: string[] = [];
  /** The newest requests that it sent, as they were. */
  readonly said: Uint8Array[] = [];
  /** Told of every result that comes in, whoever asked. */
  onResult: (result: RequestResult) => void = () => undefined;
  /** Ids of the requests that it ever made, newest last. */
  readonly requests: string[] = [];
  /** Queries of what the ledger had already when they were asked. */
  readonly #asksOfKnown = new Set<string>();
  readonly #world: World;
  readonly #answers: Answers;
  readonly #tapChance;
  #store: RequestStore = memoryRequestStore();
  #bag: BagStore = memoryBagStore();
  #taps = 0;
  #life = 0;
  #made = 0;
  #link: Link | undefined;
  #handset: Handset;
  #isOff = true;

  constructor(world: World, town: TownHandset, answers: Answers) {
    this.name = town.id;
    this.town = town;
    this.#world = world;
    this.#answers = answers;
    this.#tapChance = world.chance(`taps of ${town.id}`);
    this.#handset = this.#newHandset();
  }

  get isUp(): boolean {
    return this.#handset.isUp;
  }

  get outstanding(): number {
    return this.#handset.outstanding.length;
  }

  /** What it has no final answer to, in words; but for what concerns meters that cannot answer any more. */
  waitsFor(canAnswer: (about: { meterId?: string; voucherId?: string }) => boolean): readonly string[] {
    return this.#handset.outstanding
      .filter(({ request, facts }) => {
        const { meterId } = request;
        const { voucherId } = facts;
        return canAnswer({ ...(meterId && { meterId }), ...(voucherId && { voucherId }) });
      })
      .map(({ request, status }) => `${request.op} ${request.requestId} ${status}`);
  }

  get #isReady(): boolean {
    const isFrozen = this.#world.network.isFrozen(this.name);
    return !this.#isOff && !isFrozen && this.outstanding < MAX_OUTSTANDING;
  }

  /** Meters that it holds a voucher or an acknowledgement for. */
  hasSomethingFor({ meterId }: MeterNode): boolean {
    const { vouchers, acknowledgements } = this.#bag.load();
    return Object.hasOwn(vouchers, meterId) || Object.hasOwn(acknowledgements, meterId);
  }

  freeze(ms: number): boolean {
    return !this.#isOff && freezeFor(this.#world, [this.name], ms);
  }

  start(): void {
    if (this.#isOff) this.#tickLater(this.#life);
    this.#isOff = false;
    this.#handset.start();
  }

  stop(): void {
    this.#isOff = true;
    this.#end();
    this.#handset = this.#newHandset();
  }

  ask(wish: Wish, notes: WishNotes = {}): void {
    if (!this.#isReady) return;
    const { request } = this.#handset.ask(wish, notes);
    if (wish.op === 'query' && this.#answers.isKnownForEver(this.name, wish.of))
      this.#asksOfKnown.add(request.requestId);
    this.requests.push(request.requestId);
    this.#world.tally.did('requests');
    this.#world.trace.note(this.name, `asks ${request.requestId}: ${wish.op}`);
  }

  /** Holds it to a meter: needs no network, and ends early where the phone stops. Answers whether it could. */
  tap(meter: MeterNode): boolean {
    if (!this.#isReady) return false;
    const [handset, life] = [this.#handset, this.#life];
    const isAlive = (): boolean => life === this.#life;
    const phone = {
      get isAlive() {
        return isAlive();
      },
      whenAwake: (run: () => void) => this.#world.network.whenAwake(this.name, run),
      begin: () => handset.beginTap(),
      answer: handset.answerTap.bind(handset),
    };
    const chance = this.#tapChance;
    this.#taps += 1;
    const link = `${this.name} ${this.#taps}`;
    const onEnd = (state: TapState): void => this.#tapped(meter, state);
    new Tap(this.#world, { phone, meter, link, chance, commitWords: COMMIT_WORDS, onEnd }).start();
    return true;
  }

  /** Sends this under its name, whoever made it; `false` where it cannot. */
  say(request: Uint8Array): boolean {
    if (this.#isOff || this.#world.network.isFrozen(this.name)) return false;
    return this.#link?.publish(topics(SITE).handset(this.name).request, request) ?? false;
  }

  #tapped(meter: MeterNode, { end, shown, receipts }: TapState): void {
    const { tally, trace, time } = this.#world;
    tally.did('taps');
    if (end === 'done') tally.did('taps to the end');
    trace.note(this.name, `tapped ${meter.name}: ${end}, ${shown.length} shown, ${receipts.length} receipts`);
    if (this.#tapChance.happens(this.#world.strength('tap-repeated') * REPEATED)) {
      time.after(this.#tapChance.below(REPEATED_WITHIN_MS), () => {
        if (this.tap(meter)) tally.fault('tap-repeated');
      });
    }
    const isCarrying = receipts.length > 0;
    if (isCarrying && this.#tapChance.happens(this.#world.strength('courier-lost') * LOST)) {
      if (this.crash(this.#tapChance.happens(0.5))) tally.fault('courier-lost');
    }
  }

  /** Its process dies; what it stored is there when it comes back, unless it was wiped. Answers whether it was there. */
  crash(isWiped: boolean): boolean {
    if (this.#isOff) return false;
    this.stop();
    if (isWiped) [this.#store, this.#bag] = [memoryRequestStore(), memoryBagStore()];
    this.#handset = this.#newHandset();
    this.#world.trace.note(this.name, isWiped ? 'wiped' : 'crashed');
    this.#world.time.after(this.#world.chance(`down ${this.name} ${this.#life}`).below(MOST_DOWN_MS), () => {
      if (this.#isOff && !this.#world.isDark) this.start();
    });
    return true;
  }

  #end(): void {
    this.#life += 1;
    this.#world.network.thaw(this.name);
    this.#link?.drop();
    this.#world.network.cut(this.name);
  }

  #newHandset(): Handset {
    const world = this.#world;
    const life = this.#life;
    const { time, network } = world;
    const own = {
      now: () => time.now() + this.skewMs,
      after: (ms: number, run: () => void) =>
        time.after(ms, () => network.whenAwake(this.name, () => life === this.#life && run())),
    };
    const links = mqttLinks({
      connector: () => network.connect(this.name, BROKER_NODE),
      time: own,
      random: world.chance(`reconnects of ${this.name}`),
      keepaliveS: KEEPALIVE_S,
    });
    const troubled = troubledLinks(world, links, { node: this.name, reordersUp: true });
    const { id, privateKey, password } = this.town;
    return new Handset({
      ...{
        id,
        privateKey,
        password,
        site: SITE,
        ledgerId: LEDGER_ID,
        store: this.#store,
        bag: this.#bag,
        time: own,
      },
      links: this.#overheard((identity, handlers) => {
        this.#link = troubled(identity, handlers);
        return this.#link;
      }),
      random: world.chance(`resends of ${this.name} ${life}`),
      newRequestId: () => `${this.name}-${++this.#made}`,
      observe: (seen) => {
        if (life !== this.#life) return;
        if (seen.type === 'tapped') this.#answers.tapped(this.name, seen.tap);
        if (seen.type !== 'heard') return;
        const { result, ask } = seen;
        const { requestId, status, code } = result;
        world.trace.note(this.name, `heard ${requestId}: ${status} ${code ?? ''}`);
        if (status === 'issued' && result.voucherId !== undefined) this.vouchers.push(result.voucherId);
        if (code === 'REQUEST_UNKNOWN' && this.#asksOfKnown.has(requestId))
          this.#answers.deniedKnown(this.name, requestId);
        const { of } = parseJws(ask.request.jws).payload;
        if (ask.request.op === 'cancel' && status === 'abandoned' && typeof of === 'string')
          this.#answers.abandoned({ handset: this.name, requestId, of });
        this.#answers.hear(this.name, ask.request.op, result, seen.heard === 'contradicted');
      },
    });
  }

  /** What it asks is remembered, and what it is told is heard, whoever asked. */
  #overheard(links: LinkFactory): LinkFactory {
    return tappedLinks(links, {
      incoming: (topic, payload, pass) => {
        const result: RequestResult = JSON.parse(Buffer.from(payload).toString());
        this.#answers.overhear(this.name, result);
        this.onResult(result);
        pass(topic, payload);
      },
      outgoing: (topic, payload, link) => {
        if (this.said.push(payload) > MAX_SAID) this.said.shift();
        return link.publish(topic, payload);
      },
    });
  }

  #tickLater(life: number): void {
    this.#world.time.after(TICK_MS, () => {
      if (life !== this.#life) return;
      if (!this.#world.network.isFrozen(this.name)) this.#handset.tick();
      this.#tickLater(life);
    });
  }
}
