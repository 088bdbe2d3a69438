import { Duplex } from 'node:stream';
import { type Frame, FrameSplitter, type SplitLimits } from './frame-splitter.ts';
import { Gatherer } from './gatherer.ts';
import type { BrokerLimits } from './limits.ts';
import type { BrokerTime } from './time.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

/** Why the broker itself cut a transport. */
class CutOff extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(`cut off: ${reason}`);
    this.name = 'CutOff';
    this.reason = reason;
  }
}

export interface GuardOptions {
  readonly transport: Duplex;
  readonly limits: Pick<BrokerLimits, 'connectTimeoutMs' | 'maxPendingBytes' | 'lingerMs' | 'inboundBurstS'> &
    SplitLimits;
  readonly time: BrokerTime;
  /** `false`: bytes pass as they come (to show the fault only). */
  readonly guardFrames: boolean;
}

const BYTES_PER_TOKEN = 1024;
/** Sweeps without a byte taken after which a client counts as frozen; a sweep comes every `stallTimeoutMs` / this. */
export const SWEEPS_TO_STALL = 4;

/**
 * A client's transport as aedes sees it: whole, bounded MQTT frames come in at the client's rate, and what goes out
 * is written in one piece a tick, never waits for a frozen client and never passes a cap.
 */
export class GuardedStream extends Duplex {
  readonly #transport: Duplex;
  readonly #options: GuardOptions;
  readonly #splitter: FrameSplitter;
  readonly #out: Gatherer;
  readonly #cancelConnectDeadline: () => void;
  #bucket: TokenBucket | undefined;
  #waiting: Frame[] = [];
  /** Takes back the resumption of a throttled client; undefined while none is due. */
  #cancelResume: (() => void) | undefined;
  #flushesAtSweep = 0;
  #idleSweeps = 0;

  constructor(options: GuardOptions) {
    const { maxPendingBytes } = options.limits;
    super(Number.isFinite(maxPendingBytes) ? { writableHighWaterMark: maxPendingBytes } : {});
    this.#options = options;
    this.#transport = options.transport;
    this.#out = new Gatherer(options.transport, options.time);
    this.#splitter = new FrameSplitter(options.limits);
    const { connectTimeoutMs } = options.limits;
    this.#cancelConnectDeadline = options.time.after(connectTimeoutMs, () => this.cut('connect-timeout'));
    this.#listen(options.transport);
  }

  /** Bytes that wait for the client to take them. */
  get pendingBytes(): number {
    return this.writableLength + this.#out.pendingBytes;
  }

  /** Called at the CONNACK: ends the connect deadline and sets what this client may send from now on. */
  letIn(inboundPerSecond: number): void {
    this.#cancelConnectDeadline();
    this.#splitter.letIn();
    this.emit('let-in');
    if (!Number.isFinite(inboundPerSecond)) return;
    const { limits, time } = this.#options;
    const burst = inboundPerSecond * limits.inboundBurstS;
    this.#bucket = createTokenBucket(inboundPerSecond, burst, time.now());
  }

  /** Ends the transport; what is pending gets `lingerMs` to leave. */
  cut(reason: string): void {
    if (!this.destroyed) this.destroy(new CutOff(reason));
  }

  /** Ends the transport without waiting for anything. */
  abandon(): void {
    this.destroy();
    this.#transport.destroy();
  }

  /** Called every `stallTimeoutMs` / `SWEEPS_TO_STALL`: cuts a client that took nothing for that long. */
  sweep(): void {
    const moving = this.pendingBytes === 0 || this.#out.flushes !== this.#flushesAtSweep;
    this.#flushesAtSweep = this.#out.flushes;
    this.#idleSweeps = moving ? 0 : this.#idleSweeps + 1;
    if (this.#idleSweeps >= SWEEPS_TO_STALL) this.cut('stalled');
  }

  override write(chunk: unknown, ...rest: unknown[]): boolean {
    if (this.pendingBytes > this.#options.limits.maxPendingBytes) this.cut('slow-consumer');
    return super.write(chunk, ...(rest as []));
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#out.write(chunk, done);
  }

  override _writev(parts: { chunk: Buffer }[], done: () => void): void {
    this.#out.write(Buffer.concat(parts.map((part) => part.chunk)), done);
  }

  override _final(done: () => void): void {
    this.#out.flush();
    this.#transport.end();
    done();
  }

  override _read(): void {
    if (this.#cancelResume === undefined) this.#transport.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#cancelConnectDeadline();
    this.#cancelResume?.();
    this.#waiting = [];
    this.#endTransport(error instanceof CutOff);
    done(error);
  }

  #listen(transport: Duplex): void {
    transport.on('data', (chunk: Buffer) => this.#take(chunk));
    transport.on('end', () => {
      if (!this.destroyed) this.push(null);
    });
    transport.on('error', (error) => this.destroy(error));
    transport.on('close', () => this.destroy());
  }

  #take(chunk: Buffer): void {
    if (this.destroyed) return;
    if (!this.#options.guardFrames) {
      if (!this.push(chunk)) this.#transport.pause();
      return;
    }
    const frames = this.#splitter.push(chunk);
    if (this.#splitter.violation !== undefined) this.cut(this.#splitter.violation);
    for (const frame of frames) this.#waiting.push(frame);
    this.#admit();
  }

  /** Passes on as many waiting frames as the client's rate allows; reads no more while some must wait or aedes is behind. */
  #admit(): void {
    const delayMs = this.#passFrames();
    if (delayMs > 0) this.#cancelResume = this.#options.time.after(delayMs, () => this.#resume());
    if (delayMs !== 0) this.#transport.pause();
  }

  #resume(): void {
    this.#cancelResume = undefined;
    if (this.destroyed) return;
    this.#transport.resume();
    this.#admit();
  }

  /** How long (ms) the next frame has to wait; 0 if none does, below 0 if aedes is behind. */
  #passFrames(): number {
    const affordable = this.#affordable();
    const behind = !this.#pushRuns(this.#waiting.slice(0, affordable.count));
    this.#waiting = this.#waiting.slice(affordable.count);
    return affordable.delayMs > 0 ? affordable.delayMs : behind ? -1 : 0;
  }

  #affordable(): { count: number; delayMs: number } {
    const bucket = this.#bucket;
    if (bucket === undefined) return { count: this.#waiting.length, delayMs: 0 };
    const now = this.#options.time.now();
    for (const [count, frame] of this.#waiting.entries()) {
      const delayMs = bucket.take(1 + Math.floor(frame.bytes.length / BYTES_PER_TOKEN), now);
      if (delayMs > 0) return { count, delayMs };
    }
    return { count: this.#waiting.length, delayMs: 0 };
  }

  /** Pushes neighbouring frames as one piece, which spares aedes' parser the joining; false once aedes is behind. */
  #pushRuns(frames: readonly Frame[]): boolean {
    let wanted = true;
    let run: Uint8Array | undefined;
    for (const { bytes } of frames) {
      const extended = run === undefined ? bytes : joinNeighbours(run, bytes);
      if (extended === undefined) wanted = this.push(run);
      run = extended ?? bytes;
    }
    return run === undefined ? wanted : this.push(run);
  }

  #endTransport(now: boolean): void {
    const transport = this.#transport;
    if (transport.destroyed) return;
    if (now) {
      transport.destroy();
      return;
    }
    this.#out.flush();
    transport.end();
    const { time, limits } = this.#options;
    const cancelLinger = time.after(limits.lingerMs, () => transport.destroy());
    transport.resume();
    transport.once('finish', () => transport.destroy());
    transport.once('close', cancelLinger);
  }
}

const joinNeighbours = (first: Uint8Array, second: Uint8Array): Uint8Array | undefined =>
  first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset
    ? Buffer.from(first.buffer, first.byteOffset, first.length + second.length)
    : undefined;
