import crypto, { type KeyObject } from 'node:crypto';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { type Chance, chanceOf } from './chance.ts';
import { VirtualTime } from './virtual-time.ts';

const require = createRequire(import.meta.url);
const realSetImmediate = globalThis.setImmediate;
const realClearImmediate = globalThis.clearImmediate;
const RealDate = globalThis.Date;

/** What the libraries' globals lead to while one world runs. */
export interface GlobalSources {
  readonly time: VirtualTime;
  readonly chance: Chance;
}

let sources: GlobalSources | undefined;
const immediates = new Set<NodeJS.Immediate>();

/** Between two worlds, and while libraries are loaded: a time that stands still, and chance that is always the same. */
const NOWHERE: GlobalSources = { time: new VirtualTime(0), chance: chanceOf(0, 'nowhere') };

const timeNow = (): VirtualTime => (sources ?? NOWHERE).time;
const chanceNow = (): Chance => (sources ?? NOWHERE).chance;

/** From now on the globals lead to this world, or to none. */
export const useSources = (next: GlobalSources | undefined): void => {
  sources = next;
  verified.clear();
};

const realVerify = crypto.verify;
const verified = new Map<string, boolean>();
const latin1 = (bytes: NodeJS.ArrayBufferView): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Whether a signature is true depends on its bytes alone: each is judged once in a world, however often it is read. */
const verifyOnce = (
  algorithm: string | null | undefined,
  data: NodeJS.ArrayBufferView,
  key: KeyObject,
  signature: NodeJS.ArrayBufferView,
): boolean => {
  const { x = '' } = key.export({ format: 'jwk' });
  const name = `${x}~${latin1(signature)}~${latin1(data)}`;
  const known = verified.get(name);
  if (known !== undefined) return known;
  const isTrue = realVerify(algorithm, data, key, signature);
  verified.set(name, isTrue);
  return isTrue;
};

/** Lets everything happen that needs no timer: ticks, promises and immediates, until all is quiet. */
export const settle = async (): Promise<void> => {
  do await new Promise<void>((resolve) => realSetImmediate(resolve));
  while (immediates.size > 0);
};

class VirtualTimeout {
  readonly #run: () => void;
  readonly #delayMs: number;
  readonly #repeats: boolean;
  #cancel: () => void = () => undefined;

  constructor(run: () => void, delayMs: number, repeats: boolean) {
    this.#run = run;
    this.#delayMs = Math.max(1, delayMs);
    this.#repeats = repeats;
    this.refresh();
  }

  refresh(): this {
    this.#cancel();
    this.#cancel = timeNow().after(this.#delayMs, () => {
      if (this.#repeats) this.refresh();
      this.#run();
    });
    return this;
  }

  close(): this {
    this.#cancel();
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

const clear = (timer: unknown): void => {
  if (timer instanceof VirtualTimeout) timer.close();
};

const setVirtual =
  (repeats: boolean) =>
  (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]): VirtualTimeout =>
    new VirtualTimeout(() => run(...args), Number(delayMs) || 0, repeats);

const setCountedImmediate = (run: (...args: unknown[]) => void, ...args: unknown[]): NodeJS.Immediate => {
  const immediate = realSetImmediate(() => {
    immediates.delete(immediate);
    run(...args);
  });
  immediates.add(immediate);
  return immediate;
};

const clearCountedImmediate = (immediate: NodeJS.Immediate): void => {
  immediates.delete(immediate);
  realClearImmediate(immediate);
};

/** Runs once when this turn of the event loop is over; `settle` waits for it. */
export const turn = (run: () => void): void => void setCountedImmediate(run);

class VirtualDate extends RealDate {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) super(timeNow().now());
    else super(...(given as ConstructorParameters<typeof RealDate>));
  }

  static override now(): number {
    return timeNow().now();
  }
}

/**
 * Replaces what libraries take from the machine by itself: timers, dates, chance. To be called once, before Aedes and
 * mqtt.js are loaded, because they keep some of it. Our own code gets all of this passed in.
 */
export const replaceGlobals = (): void => {
  const timers = {
    setTimeout: setVirtual(false),
    setInterval: setVirtual(true),
    setImmediate: setCountedImmediate,
    clearImmediate: clearCountedImmediate,
    clearTimeout: clear,
    clearInterval: clear,
  };
  Object.assign(globalThis, timers, { Date: VirtualDate });
  Object.assign(require('node:timers'), timers);
  Object.assign(require('node:timers/promises'), {
    setTimeout: (delayMs: number, value: unknown) =>
      new Promise((resolve) => timeNow().after(delayMs, () => resolve(value))),
    setImmediate: (value: unknown) => new Promise((resolve) => setCountedImmediate(() => resolve(value))),
  });
  Math.random = () => chanceNow().next();
  Object.defineProperty(performance, 'now', { value: () => timeNow().now() - timeNow().startMs });
  Object.assign(crypto, {
    randomBytes: (length: number) => Buffer.from(chanceNow().bytes(length)),
    verify: verifyOnce,
    randomUUID: () => Buffer.from(chanceNow().bytes(16)).toString('hex'),
  });
  syncBuiltinESMExports();
};
