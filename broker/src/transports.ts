import { createServer, type Server } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Aedes } from 'aedes';
import type { Cures } from './cures.ts';
import { GuardedStream, SWEEPS_TO_STALL } from './guarded-stream.ts';
import type { BrokerLimits } from './limits.ts';

export interface TransportOptions {
  readonly aedes: Aedes;
  readonly limits: BrokerLimits;
  readonly cures: Cures;
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
  readonly #sweeper: NodeJS.Timeout;
  #closing = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.#sweep(), options.limits.stallTimeoutMs / SWEEPS_TO_STALL);
    this.#sweeper.unref();
  }

  get size(): number {
    return this.#streams.size;
  }

  get pendingBytes(): number {
    let bytes = 0;
    for (const stream of this.#streams) bytes += stream.pendingBytes;
    return bytes;
  }

  async listen(address: { readonly host: string; readonly port: number }): Promise<{ port: number }> {
    const server = createServer({ noDelay: this.#options.cures.noDelay }, (socket) => this.attach(socket));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    server.once('error', (error) => reject(listenError(error, address)));
    server.listen(address.port, address.host, resolve);
    await promise;
    this.#servers.add(server);
    const bound = server.address();
    return { port: typeof bound === 'object' && bound !== null ? bound.port : address.port };
  }

  attach(transport: Duplex): void {
    const { limits, cures, aedes } = this.#options;
    const refusal = this.#fullBy();
    if (refusal !== undefined) {
      this.#options.refused(refusal);
      transport.once('error', () => {});
      transport.destroy();
      return;
    }
    const now = () => performance.now();
    const stream = new GuardedStream({ transport, limits, now, guardFrames: cures.frameGuard });
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
    clearInterval(this.#sweeper);
    for (const server of this.#servers) server.close();
    const deadline = performance.now() + deadlineMs;
    await this.#until(() => this.pendingBytes === 0, deadline);
    this.#options.aedes.close();
    for (const stream of this.#streams) stream.destroy();
    await this.#until(() => this.#streams.size === 0, deadline);
    for (const stream of this.#streams) stream.abandon();
  }

  async #until(reached: () => boolean, deadline: number): Promise<void> {
    while (!reached() && performance.now() < deadline) await delay(FLUSH_POLL_MS);
  }

  #fullBy(): string | undefined {
    const { maxConnections, maxConnecting } = this.#options.limits;
    if (this.#closing) return 'closing';
    if (this.#streams.size >= maxConnections) return 'max-connections';
    return this.#connecting.size >= maxConnecting ? 'max-connecting' : undefined;
  }

  #sweep(): void {
    for (const stream of this.#streams) stream.sweep();
  }
}

const listenError = (error: NodeJS.ErrnoException, address: { host: string; port: number }): Error =>
  error.code === 'EADDRINUSE'
    ? new TapwattError('PORT_IN_USE', `${address.host}:${address.port} is in use.`, { cause: error })
    : error;
