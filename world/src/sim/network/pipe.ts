import { Duplex } from 'node:stream';

/** What a pipe asks the network before bytes, or its end, reach the other side. */
export interface Carrier {
  /** Calls `arrive` when what was sent now has come through, in order; never, once the pipe is forgotten. */
  carry(pipe: Pipe, arrive: () => void): void;
}

/** One end of a connection in memory. What is written comes out at the other end when the network has carried it. */
export class Pipe extends Duplex {
  readonly owner: string;
  readonly remote: string;
  /** When the newest of what is under way arrives: bytes do not overtake each other. */
  lastArrivalMs = 0;
  readonly #carrier: Carrier;
  #peer: Pipe | undefined;

  constructor(owner: string, remote: string, carrier: Carrier) {
    super({ allowHalfOpen: false });
    this.owner = owner;
    this.remote = remote;
    this.#carrier = carrier;
    this.on('error', () => undefined);
  }

  join(peer: Pipe): void {
    this.#peer = peer;
  }

  /** The other side has given this connection up, though the news of it may be on its way still. */
  get isForsaken(): boolean {
    return this.#peer?.destroyed !== false;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk, done);
  }

  /** What waits leaves together, as from the buffer of a socket: a packet is not a journey for each of its fields. */
  override _writev(waiting: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#send(Buffer.concat(waiting.map(({ chunk }) => chunk)), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#carrier.carry(this, () => {
      if (this.#peer?.destroyed === false) this.#peer.push(null);
      done();
    });
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#carrier.carry(this, () => {
      if (this.#peer?.destroyed === false) this.#peer.destroy();
    });
    done(null);
  }

  #send(bytes: Buffer, done: () => void): void {
    this.#carrier.carry(this, () => {
      if (this.#peer?.destroyed === false) this.#peer.push(bytes);
      done();
    });
  }
}
