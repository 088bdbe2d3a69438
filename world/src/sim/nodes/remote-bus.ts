import type { MessageBus } from '@tapwatt/gateway';
import type { World } from '../world.ts';
import { BROKER_NODE } from './settings.ts';

/** One of so many messages between broker and gateway, at full strength. */
const PROBABILITY = 0.1;

/** A broker's leg in another process: what passes takes its time, and a partition holds none of it. */
export const remoteBus = (world: World, bus: MessageBus, gateway: string): MessageBus => {
  const { network, time, tally } = world;
  const chance = world.chance(`way between broker and ${gateway}`);
  let lastMs = 0;
  /** In order, as over one connection; lost where the two are apart. */
  const carry = (run: () => void): void => {
    if (network.isIsolated(gateway) || network.isIsolated(BROKER_NODE)) return;
    if (chance.happens(world.strength('message-drop') * PROBABILITY)) {
      tally.fault('message-drop');
      return;
    }
    lastMs = Math.max(lastMs, time.now() + network.delayMs(gateway, BROKER_NODE));
    time.after(lastMs - time.now(), () =>
      network.whenAwake(BROKER_NODE, () => network.whenAwake(gateway, run)),
    );
  };
  return {
    publish: (topic, payload, options) =>
      new Promise((resolve, reject) => {
        carry(() => void bus.publish(topic, payload, options).then(resolve, reject));
      }),
    onMessage: (handler) => bus.onMessage((...message) => carry(() => handler(...message))),
    onPresence: (handler) => bus.onPresence((...change) => carry(() => handler(...change))),
    isConnected: (identity) => bus.isConnected(identity),
    close: (options) => bus.close(options),
  };
};
