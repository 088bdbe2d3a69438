import type { Wish } from '@tapwatt/simulator';
import type { Chance } from './kernel/chance.ts';
import type { HandsetNode } from './nodes/handset-node.ts';
import type { MeterNode } from './nodes/meter-node.ts';
import type { World } from './world.ts';

const AMOUNTS = ['500', '1000', '2000', '7777'] as const;
const TOO_MUCH = '9000000';
const MILLIS = 1_000;

/** Agents who go on buying, redeeming, tapping, cancelling, asking again and asking the impossible until they are told to stop. */
export class Workload {
  readonly #world: World;
  readonly #handsets: readonly HandsetNode[];
  readonly #meters: readonly MeterNode[];
  readonly #chance: Chance;
  readonly #tapChance: Chance;
  #isOver = false;

  constructor(world: World, of: { handsets: readonly HandsetNode[]; meters: readonly MeterNode[] }) {
    this.#world = world;
    this.#handsets = of.handsets;
    this.#meters = of.meters;
    this.#chance = world.chance('wishes');
    this.#tapChance = world.chance('taps');
  }

  start(): void {
    this.#wish();
    this.#tap();
  }

  /** Phones are held to meters at any moment, with or without a network, with or without something to bring. */
  #tap(): void {
    const { wishEveryMs } = this.#world.plan;
    const chance = this.#tapChance;
    this.#world.inLight(chance.below(2 * wishEveryMs), () => {
      if (this.#isOver) return;
      const handset = chance.pick(this.#handsets);
      const expected = this.#meters.filter((meter) => handset.hasSomethingFor(meter));
      const isOnPurpose = expected.length > 0 && chance.happens(0.7);
      const meter = chance.pick(isOnPurpose ? expected : this.#meters);
      handset.tap(meter);
      this.#tap();
    });
  }

  #wish(): void {
    const { wishEveryMs } = this.#world.plan;
    this.#world.inLight(this.#chance.below(2 * wishEveryMs), () => {
      if (this.#isOver) return;
      this.#askSomething(this.#chance.pick(this.#handsets));
      this.#wish();
    });
  }

  stop(): void {
    this.#isOver = true;
  }

  #askSomething(handset: HandsetNode): void {
    const chance = this.#chance;
    const dice = chance.next();
    const [voucherId, requestId] = [
      chance.pick([...handset.vouchers, '']),
      chance.pick([...handset.requests, '']),
    ];
    if (dice < 0.12 && voucherId !== '') handset.ask({ op: 'cancel', voucherId } as Wish);
    else if (dice < 0.15 && requestId !== '') handset.ask({ op: 'cancel', of: requestId } as Wish);
    else if (dice < 0.2 && requestId !== '') handset.ask({ op: 'query', of: requestId });
    else if (dice < 0.25) handset.ask({ op: 'balance', walletId: handset.town.walletId });
    else this.#buy(handset, dice);
  }

  #buy(handset: HandsetNode, dice: number): void {
    const chance = this.#chance;
    const { meterId } = chance.pick(this.#meters);
    const { walletId } = handset.town;
    const amount = dice < 0.28 ? TOO_MUCH : chance.pick(AMOUNTS);
    const nowS = Math.floor(this.#world.time.now() / MILLIS);
    const expiry = chance.happens(0.25) ? { expiresAt: nowS + chance.between(1, 120) } : {};
    const wish = { op: 'issue', walletId, meterId, amount, ...expiry } as const;
    if (chance.happens(0.5)) handset.ask({ ...wish, deliver: true });
    else {
      const thenRedeem = chance.happens(0.5);
      handset.ask({ ...wish, deliver: false }, { thenRedeem, thenCarry: chance.happens(0.7) });
    }
  }
}
