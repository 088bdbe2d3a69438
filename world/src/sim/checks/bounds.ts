import type { Site } from '../nodes/site.ts';
import type { World } from '../world.ts';

/** What may wait anywhere in a world of this size. */
const MOST_WAITING = 2_000;
const MOST_TIMERS = 5_000;
const MOST_CONNECTIONS = 1_000;
/** A voucher lies at most so far above the oldest one without an answer (WIRE.md, "What the meter does with a voucher"). */
const WINDOW = 64;
const SECOND_MS = 1_000;

/** A meter as the ledger has it, for the width of its window. */
export interface MeterWindowBook {
  readonly meterId: string;
  readonly keyEpoch: number;
  readonly nextSeq: number;
  readonly openLimit: number;
  readonly open: readonly {
    readonly voucherId: string;
    readonly amount: string;
    readonly keyEpoch: number;
    readonly seq: number;
  }[];
}

/** I8 of a meter's window, after every commit that changes it. */
export const checkWindow = (world: World, meter: MeterWindowBook): void => {
  const { meterId, keyEpoch, nextSeq, openLimit, open } = meter;
  const oldest = Math.min(...open.filter((one) => one.keyEpoch === keyEpoch).map(({ seq }) => seq), nextSeq);
  if (open.length > openLimit) world.violated('I8', `${open.length} vouchers of meter ${meterId} are open`);
  if (nextSeq > oldest + WINDOW) world.violated('I8', `meter ${meterId} is sold ${oldest} … ${nextSeq - 1}`);
};

/** I8 of timers and connections after every step, and of every queue once a second. */
export class Bounds {
  readonly #world: World;
  readonly #site: Site;
  #lookedAtS = 0;

  constructor(world: World, site: Site) {
    this.#world = world;
    this.#site = site;
  }

  afterStep(): void {
    const { time, network } = this.#world;
    if (time.pending > MOST_TIMERS) this.#world.violated('I8', `${time.pending} timers wait`);
    if (network.size > MOST_CONNECTIONS) this.#world.violated('I8', `${network.size} ends of connections`);
    const nowS = Math.floor(time.now() / SECOND_MS);
    if (nowS === this.#lookedAtS) return;
    this.#lookedAtS = nowS;
    for (const [name, figure] of Object.entries(this.#site.figures())) {
      if (figure > MOST_WAITING) this.#world.violated('I8', `${name} is ${figure}`);
    }
  }
}
