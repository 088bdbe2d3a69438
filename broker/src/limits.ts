/** Every bound of the broker by name; the table with the reasons is in README.md. */
export interface BrokerLimits {
  /** Open transports, counted from the accept on; one more is closed at once. */
  readonly maxConnections: number;
  /** Of these, transports that have not been let in yet. */
  readonly maxConnecting: number;
  /** From the accept to the CONNACK. */
  readonly connectTimeoutMs: number;
  /** Remaining length of a CONNECT. */
  readonly maxConnectBytes: number;
  /** All bytes taken from a client before its CONNACK. */
  readonly maxBytesBeforeConnack: number;
  /** Remaining length of a PUBLISH. */
  readonly maxPacketBytes: number;
  /** Remaining length of a SUBSCRIBE or an UNSUBSCRIBE. */
  readonly maxSubscribeBytes: number;
  /** Filters in one SUBSCRIBE or UNSUBSCRIBE. */
  readonly maxFiltersPerSubscribe: number;
  /** A CONNECT must announce a keep-alive from this … */
  readonly minKeepaliveS: number;
  /** … to this; 0 (none) is refused, since a dead line would never be noticed. */
  readonly maxKeepaliveS: number;
  /** Packets a second of one client, one more for every started KiB; a faster client is slowed down, not cut. */
  readonly inboundPerSecond: { readonly meter: number; readonly handset: number; readonly gateway: number };
  /** Packets in one go, in seconds of the rate above. */
  readonly inboundBurstS: number;
  /** Bytes waiting for one client from which on the gateway's leg says BUSY. */
  readonly busyBytes: number;
  /** Bytes waiting for one client above which it is cut. */
  readonly maxPendingBytes: number;
  /** A client that takes none of the bytes that wait for it for so long is cut. */
  readonly stallTimeoutMs: number;
  /** After the end of a session: how long its last bytes may take to leave. */
  readonly lingerMs: number;
  /** Connections of one identity that may wait for the one before them to be closed. */
  readonly maxWaitingTakeovers: number;
}

export const DEFAULT_LIMITS: BrokerLimits = {
  maxConnections: 20_000,
  maxConnecting: 2_000,
  connectTimeoutMs: 10_000,
  maxConnectBytes: 4_096,
  maxBytesBeforeConnack: 16_384,
  maxPacketBytes: 65_536,
  maxSubscribeBytes: 4_096,
  maxFiltersPerSubscribe: 8,
  minKeepaliveS: 5,
  maxKeepaliveS: 1_200,
  inboundPerSecond: { meter: 200, handset: 5_000, gateway: 50_000 },
  inboundBurstS: 2,
  busyBytes: 65_536,
  maxPendingBytes: 262_144,
  stallTimeoutMs: 5_000,
  lingerMs: 2_000,
  maxWaitingTakeovers: 4,
};
