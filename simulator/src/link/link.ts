/** What happens on a device's connection, in this order: up, messages, down; then perhaps up again. */
export interface LinkHandlers {
  /** Connected and subscribed. */
  up(): void;
  message(topic: string, payload: Uint8Array): void;
  /** The connection is gone; the link tries again by itself. */
  down(reason: string): void;
}

/** Who connects and what it listens to. */
export interface LinkIdentity {
  readonly identity: string;
  readonly password: string;
  readonly filters: readonly string[];
}

/**
 * A device's connection to its broker. It keeps trying until it is closed, and forgets what it could not send: what
 * matters is sent again by the device when it is up again.
 */
export interface Link {
  readonly isUp: boolean;
  /** Sends at QoS 1; `false` where the message was dropped, because the link is down or too much is unacknowledged. */
  publish(topic: string, payload: Uint8Array): boolean;
  /** Cuts the connection without a word, as a loss of power does, and does not come back before `connect`. */
  drop(): void;
  /** Connects, and goes on trying. */
  connect(): void;
  /** Says goodbye; nothing happens on this link any more. */
  close(): Promise<void>;
}

/** Makes a link that is not connected yet. */
export type LinkFactory = (identity: LinkIdentity, handlers: LinkHandlers) => Link;
