import type { Time } from '../time/time.ts';
import type { LinePort, LinePortHandlers, OpenLinePort } from './line-port.ts';

const REOPEN_MS = 250;

export interface LastingPortOptions {
  readonly open: OpenLinePort;
  readonly time: Time;
  readonly opened: () => void;
  /** Told of what it hears, and that it is gone: another one is opened soon. */
  readonly handlers: LinePortHandlers;
}

/** A port that is opened again and again until it is there, and again whenever it goes away. */
export class LastingPort {
  readonly #options: LastingPortOptions;
  #port: LinePort | undefined;
  #isClosed = false;
  #cancelReopen = (): void => {};

  constructor(options: LastingPortOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#port !== undefined;
  }

  start(): void {
    const { open, handlers } = this.#options;
    open({ data: handlers.data, closed: (reason) => this.#lost(reason) }).then(
      (port) => this.#opened(port),
      (error) => this.#lost(String(error)),
    );
  }

  /** What is written while it is away is lost. */
  write(bytes: Uint8Array): void {
    this.#port?.write(bytes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelReopen();
    await this.#port?.close();
  }

  #opened(port: LinePort): void {
    this.#port = port;
    if (this.#isClosed) void port.close();
    else this.#options.opened();
  }

  #lost(reason: string): void {
    this.#port = undefined;
    if (this.#isClosed) return;
    this.#options.handlers.closed(reason);
    this.#cancelReopen = this.#options.time.after(REOPEN_MS, () => this.start());
  }
}
