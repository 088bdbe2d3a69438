import type { Link, LinkFactory } from '@tapwatt/simulator';
import type { Chance } from '../kernel/chance.ts';
import type { World } from '../world.ts';

type MessageFault = 'message-drop' | 'message-duplicate' | 'message-delay' | 'message-reorder';

/** One of so many messages, at full strength. */
const PROBABILITY = 0.45;
const LONG_DELAY_MS = 8_000;

export interface MessageFaultOptions {
  readonly node: string;
  /** Late messages of this sender may overtake others; a meter's own never do, since a connection keeps their order. */
  readonly reordersUp: boolean;
}

/** One direction of a link. */
interface Lane {
  readonly chance: Chance;
  readonly reorders: boolean;
  /** When the newest of what keeps its order comes through. */
  lastMs: number;
  sent: number;
  /** The number of the newest that came through. */
  newest: number;
}

/** Runs what is left of a message; false where its connection has ended. */
type Arrive = () => boolean;

/** Links that lose, repeat, delay and reorder whole messages, both ways, as couriers do. */
export const troubledLinks =
  (world: World, links: LinkFactory, { node, reordersUp }: MessageFaultOptions): LinkFactory =>
  (identity, handlers) => {
    const fresh = { lastMs: 0, sent: 0, newest: 0 };
    const up: Lane = { chance: world.chance(`messages from ${node}`), reorders: reordersUp, ...fresh };
    const down: Lane = { chance: world.chance(`messages to ${node}`), reorders: true, ...fresh };
    let connection = 0;
    /** Nothing of a connection comes through after it. */
    const pass = (lane: Lane, run: () => void): void => {
      const on = connection;
      carry(world, lane, () => {
        if (on === connection) run();
        return on === connection;
      });
    };
    const change = (): void => {
      connection += 1;
      up.lastMs = 0;
      down.lastMs = 0;
    };
    const link: Link = links(identity, {
      up() {
        change();
        handlers.up();
      },
      down(reason) {
        change();
        handlers.down(reason);
      },
      message(topic, payload) {
        pass(down, () => handlers.message(topic, payload));
      },
    });
    return {
      get isUp() {
        return link.isUp;
      },
      publish(topic, payload) {
        if (!link.isUp) return false;
        pass(up, () => void link.publish(topic, payload));
        return true;
      },
      drop: () => link.drop(),
      connect: () => link.connect(),
      close: () => link.close(),
    };
  };

/** One message: lost, late with all that follows it, overtaken by what follows, or twice. Counted as what came of it. */
const carry = (world: World, lane: Lane, run: Arrive): void => {
  const { chance, reorders } = lane;
  const { time, tally } = world;
  const befalls = (kind: MessageFault): boolean => chance.happens(world.strength(kind) * PROBABILITY);
  if (befalls('message-drop')) {
    tally.fault('message-drop');
    return;
  }
  const isTwice = befalls('message-duplicate');
  const isOvertaken = reorders && befalls('message-reorder');
  const inOrderMs = Math.max(lane.lastMs, time.now());
  if (befalls('message-delay')) lane.lastMs = Math.max(inOrderMs, time.now() + chance.below(LONG_DELAY_MS));
  if (lane.lastMs > inOrderMs) tally.fault('message-delay');
  const waitMs = isOvertaken ? chance.below(LONG_DELAY_MS) : lane.lastMs - time.now();
  const number = ++lane.sent;
  const again = (): void => {
    if (run()) tally.fault('message-duplicate');
  };
  const arrive = (): void => {
    if (!run()) return;
    if (number < lane.newest) tally.fault('message-reorder');
    else if (isOvertaken) tally.fault('message-delay');
    lane.newest = Math.max(number, lane.newest);
    if (isTwice && reorders) time.after(chance.below(LONG_DELAY_MS), again);
    else if (isTwice) again();
  };
  if (waitMs > 0) time.after(waitMs, arrive);
  else arrive();
};
