import type { SyncFault } from '../simulated-disk.ts';

const NONE: SyncFault = { kind: 'none' };

/** Holds every sync of a simulated disk until the test decides how it ends. */
export class Gate {
  readonly #held: ((fault: SyncFault) => void)[] = [];
  readonly #expecting: (() => void)[] = [];
  #open = false;

  pass(): Promise<SyncFault> {
    if (this.#open) return Promise.resolve(NONE);
    const { promise, resolve } = Promise.withResolvers<SyncFault>();
    this.#held.push(resolve);
    this.#expecting.shift()?.();
    return promise;
  }

  /** Waits for a sync to arrive, and gives what ends it. */
  async arrival(): Promise<(fault?: SyncFault) => void> {
    if (this.#held.length === 0) await new Promise<void>((resolve) => this.#expecting.push(resolve));
    return (fault = NONE) => this.#held.shift()?.(fault);
  }

  /** Lets everything through from now on. */
  open(): void {
    this.#open = true;
    for (const release of this.#held.splice(0)) release(NONE);
  }
}
