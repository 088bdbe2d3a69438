import { createConnection } from 'node:net';
import type { Duplex } from 'node:stream';

/** Opens a byte stream to the broker; called once per attempt. */
export type Connector = () => Duplex;

/** A TCP connector without Nagle's delay, which costs 20 ms per round trip of small packets. */
export const tcpConnector =
  (broker: { readonly host: string; readonly port: number }): Connector =>
  () =>
    createConnection({ host: broker.host, port: broker.port, noDelay: true });
