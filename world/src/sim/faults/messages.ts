import type { Link, LinkFactory } from '@tapwatt/simulator';
import type { World } from '../world.ts';

/** One of so many messages, at full strength. */
const PROBABILITY = 0.25;
const LONG_DELAY_MS = 8_000;

export interface MessageFaultOptions {
  readonly node: string;
  /** Late messages of this sender may overtake others; a meter's own never do, since a connection keeps their order. */
  readonly reordersUp: boolean;
}

/** Links that lose, repeat, delay and reorder whole messages, both ways, as couriers do. */
export const troubledLinks =
  (world: World, links: LinkFactory, { node, reordersUp }: MessageFaultOptions): LinkFactory =>
  (identity, handlers) => {
    const [up, down] = [world.chance(`messages from ${node}`), world.chance(`messages to ${node}`)];
    let connection = 0;
    const pass = (chance: typeof up, reorders: boolean, run: () => void): void => {
      if (chance.happens(world.strength('message-drop') * PROBABILITY)) {
        world.tally.fault('message-drop');
        return;
      }
      const twice = chance.happens(world.strength('message-duplicate') * PROBABILITY);
      if (twice) world.tally.fault('message-duplicate');
      const late = reorders && chance.happens(world.strength('message-delay') * PROBABILITY);
      if (late) world.tally.fault('message-delay');
      const repeat = (): void => {
        run();
        if (twice && reorders) world.time.after(chance.below(LONG_DELAY_MS), run);
        else if (twice) run();
      };
      if (late) world.time.after(chance.below(LONG_DELAY_MS), repeat);
      else repeat();
    };
    const link: Link = links(identity, {
      up() {
        connection += 1;
        handlers.up();
      },
      down(reason) {
        connection += 1;
        handlers.down(reason);
      },
      message(topic, payload) {
        const on = connection;
        pass(down, true, () => {
          if (on === connection) handlers.message(topic, payload);
        });
      },
    });
    return {
      get isUp() {
        return link.isUp;
      },
      publish(topic, payload) {
        if (!link.isUp) return false;
        pass(up, reordersUp, () => void link.publish(topic, payload));
        return true;
      },
      drop: () => link.drop(),
      connect: () => link.connect(),
      close: () => link.close(),
    };
  };
