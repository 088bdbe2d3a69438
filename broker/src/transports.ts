import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Aedes } from 'aedes';
import type { Cures } from './cures.ts';
import { GuardedStream, SWEEPS_TO_STALL } from './guarded-stream.ts';
import type { BrokerLimits } from './limits.ts';
import type { BrokerTime } from './time.ts';

/** A certificate with those that lead to its root, and its private key, both PEM. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
  /** With it the port speaks TLS (1.2 or later) and nothing else. */
  readonly tls?: TlsFiles;
}

export interface TransportOptions {
  readonly aedes: Aedes;
  readonly limits: BrokerLimits;
  readonly cures: Cures;
  readonly time: BrokerTime;
  refused(what: string): void;
}

/** How often a closing broker looks whether what it wrote has left. */
const FLUSH_POLL_MS = 10;

/** Every open transport: accepted, counted, guarded, swept for frozen clients, and ended in bounded time. */
export class Transports {
  readonly #options: TransportOptions;
  readonly #streams = new Set<GuardedStream>();
  readonly #connecting = new Set<GuardedStream>();
  readonly #servers = new Set<Server>();
  #cancelSweep: () => void = () => undefined;
  #closing = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#sweepLater();
  }

  get size(): number {
    return this.#streams.size;
  }

  get pendingBytes(): number {
    let bytes = 0;
    for (const stream of this.#streams) bytes += stream.pendingBytes;
    return bytes;
  }

  async listen(address: ListenAddress): Promise<{ port: number }> {
    const server = this.#server(address.tls, (socket) => this.attach(socket));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', (error) => reject(listenError(error, address)));
    server.listen(address.port, address.host, resolve);
    await promise;
    this.#servers.add(server);
    const bound = server.address();
    return { port: typeof bound === 'object' && bound !== null ? bound.port : address.port };
  }

  #server(tls: TlsFiles | undefined, take: (socket: Socket) => void): Server {
    const { cures, limits, refused } = this.#options;
    const { noDelay } = cures;
    if (tls === undefined) return createServer({ noDelay }, take);
    // Whoever does not finish its handshake is counted by nobody else.
    const server = createTlsServer({ ...tls, noDelay, handshakeTimeout: limits.connectTimeoutMs }, take);
    server.maxConnections = limits.maxConnections;
    server.on('tlsClientError', () => refused('tls'));
    return server;
  }

  attach(transport: Duplex): void {
    const { limits, cures, aedes, time } = this.#options;
    const refusal = this.#fullBy();
    if (refusal !== undefined) {
      this.#options.refused(refusal);
      transport.once('error', () => {});
      transport.destroy();
      return;
    }
    const stream = new GuardedStream({ transport, limits, time, guardFrames: cures.frameGuard });
    this.#streams.add(stream);
    this.#connecting.add(stream);
    stream.once('let-in', () => this.#connecting.delete(stream));
    stream.once('close', () => this.#connecting.delete(stream));
    transport.once('close', () => this.#streams.delete(stream));
    aedes.handle(stream);
  }

  async close(deadlineMs: number): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#cancelSweep();
    for (const server of this.#servers) server.close();
    const deadline = this.#options.time.now() + deadlineMs;
    await this.#until(() => this.pendingBytes === 0, deadline);
    this.#options.aedes.close();
    for (const stream of this.#streams) stream.destroy();
    await this.#until(() => this.#streams.size === 0, deadline);
    for (const stream of this.#streams) stream.abandon();
  }

  async #until(reached: () => boolean, deadline: number): Promise<void> {
    const { time } = this.#options;
    while (!reached() && time.now() < deadline) {
      await new Promise<void>((resolve) => time.after(FLUSH_POLL_MS, resolve));
    }
  }

  #fullBy(): string | undefined {
    const { maxConnections, maxConnecting } = this.#options.limits;
    if (this.#closing) return 'closing';
    if (this.#streams.size >= maxConnections) return 'max-connections';
    return this.#connecting.size >= maxConnecting ? 'max-connecting' : undefined;
  }

  #sweepLater(): void {
    const { limits, time } = this.#options;
    this.#cancelSweep = time.after(limits.stallTimeoutMs / SWEEPS_TO_STALL, () => {
      for (const stream of this.#streams) stream.sweep();
      this.#sweepLater();
    });
  }
}

const listenError = (error: NodeJS.ErrnoException, address: { host: string; port: number }): Error =>
  error.code === 'EADDRINUSE'
    ? new TapwattError('PORT_IN_USE', `${address.host}:${address.port} is in use.`, { cause: error })
    : error;
