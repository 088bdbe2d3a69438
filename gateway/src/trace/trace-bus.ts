import { parseTopic } from '@tapwatt/firmware-contracts';
import type { MessageBus, PublishOptions } from '../links/mqtt/bus/message-bus.ts';
import type { Handover } from '../redemption/meter-link.ts';
import { failedWith } from './failed-with.ts';
import type { FrameTrace } from './frame-trace.ts';
import { toldOnChannel } from './traced-frame.ts';

/** The same bus, its meters' frames told to those who watch them. */
export function traceBus(bus: MessageBus, site: string, trace: FrameTrace): MessageBus {
  function watched(topic: string, payload: Uint8Array) {
    if (!trace.isWatched) return undefined;
    const parsed = parseTopic(site, topic);
    if (parsed?.who !== 'meter' || !trace.watches(parsed.id)) return undefined;
    return { meterId: parsed.id, link: 'mqtt', ...toldOnChannel(parsed.channel, payload) } as const;
  }

  /** Noted when it is known what became of it: a meter that is on no broker hears nothing. */
  async function publishWatched(
    frame: NonNullable<ReturnType<typeof watched>>,
    publishing: Promise<Handover>,
  ): Promise<Handover> {
    const note = (more: { readonly outcome?: string }): void =>
      trace.note({ ...frame, direction: 'to-meter', ...more });
    try {
      const handover = await publishing;
      note(handover === 'away' ? { outcome: handover } : {});
      return handover;
    } catch (error) {
      note({ outcome: failedWith('failed', error) });
      throw error;
    }
  }

  return {
    publish(topic: string, payload: Uint8Array, options?: PublishOptions) {
      const frame = watched(topic, payload);
      const publishing = bus.publish(topic, payload, options);
      return frame === undefined ? publishing : publishWatched(frame, publishing);
    },
    onMessage: (handler) =>
      bus.onMessage((topic, payload, from) => {
        const frame = watched(topic, payload);
        if (frame !== undefined) trace.note({ ...frame, direction: 'from-meter' });
        handler(topic, payload, from);
      }),
    onPresence: (handler) => bus.onPresence(handler),
    isConnected: (identity) => bus.isConnected(identity),
    close: (options) => bus.close(options),
  };
}
