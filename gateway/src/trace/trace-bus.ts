import { parseTopic } from '@tapwatt/firmware-contracts';
import type { MessageBus } from '../links/mqtt/bus/message-bus.ts';
import type { FrameTrace } from './frame-trace.ts';
import { toldOnChannel } from './traced-frame.ts';

/** The same bus, its meters' frames told to those who watch them. */
export function traceBus(bus: MessageBus, site: string, trace: FrameTrace): MessageBus {
  function note(topic: string, payload: Uint8Array, direction: 'to-meter' | 'from-meter'): void {
    if (!trace.isWatched) return;
    const parsed = parseTopic(site, topic);
    if (parsed?.who !== 'meter' || !trace.watches(parsed.id)) return;
    trace.note({ meterId: parsed.id, link: 'mqtt', direction, ...toldOnChannel(parsed.channel, payload) });
  }

  return {
    publish(topic, payload, options) {
      note(topic, payload, 'to-meter');
      return bus.publish(topic, payload, options);
    },
    onMessage: (handler) =>
      bus.onMessage((topic, payload, from) => {
        note(topic, payload, 'from-meter');
        handler(topic, payload, from);
      }),
    onPresence: (handler) => bus.onPresence(handler),
    isConnected: (identity) => bus.isConnected(identity),
    close: (options) => bus.close(options),
  };
}
