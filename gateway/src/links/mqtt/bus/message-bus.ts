import type { Handover } from '../../../redemption/meter-link.ts';

export interface PublishOptions {
  /** Kept by the broker for later subscribers; only ever for `g/{gatewayId}/status`. */
  readonly retain?: boolean;
}

/** `topic` as in WIRE.md, `from` the MQTT identity of the publisher (`m-…`, `h-…`). The handler must not throw and must not wait. */
export type MessageHandler = (topic: string, payload: Uint8Array, from: string) => void;

/** Called with `true` each time an identity begins to listen (again: its open vouchers are due), with `false` when it is gone. */
export type PresenceHandler = (identity: string, connected: boolean) => void;

/**
 * The gateway's way to the devices' broker: in-process, or a client of an external one (Mosquitto, EMQX). At least
 * once and in any order; the sweep of the redemption makes good for whatever is lost here.
 */
export interface MessageBus {
  /**
   * QoS 1 to one device. Rejects with BUSY when the receiver (or the way to it) is behind, DEADLINE when no answer
   * came from the broker in time, BAD_REQUEST for a topic that a gateway does not publish on.
   */
  publish(topic: string, payload: Uint8Array, options?: PublishOptions): Promise<Handover>;
  onMessage(handler: MessageHandler): void;
  onPresence(handler: PresenceHandler): void;
  /** Whether a device is listening; `undefined` where the broker does not tell (external brokers). */
  isConnected(identity: string): boolean | undefined;
  /** Ends in bounded time; later publishes answer `away`. */
  close(options?: { readonly deadlineMs?: number }): Promise<void>;
}
