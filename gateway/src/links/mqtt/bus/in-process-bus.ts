import type { BrokerLeg } from '@tapwatt/broker';
import type { MessageBus } from './message-bus.ts';

/** The message bus over the built-in broker's own leg; closing it leaves the broker itself running. */
export const createInProcessBus = (leg: BrokerLeg): MessageBus => ({
  publish: (topic, payload, options) => leg.publish(topic, payload, options),
  onMessage: (handler) => leg.onMessage(handler),
  onPresence: (handler) => leg.onPresence(handler),
  isConnected: (identity) => leg.isConnected(identity),
  close: async () => leg.close(),
});
