import { TapwattError } from '@tapwatt/firmware-contracts';
import type { Handset, HandsetObservation } from '../handset/handset.ts';
import type { RequestStore } from '../handset/request-store.ts';
import type { Backoff } from '../link/backoff.ts';
import type { LinkFactory } from '../link/link.ts';
import { noLinks } from '../link/no-links.ts';
import type { Behaviour } from '../meter/behaviour.ts';
import { householdLoad } from '../meter/load.ts';
import type { Meter, MeterObservation } from '../meter/meter.ts';
import type { MeterSettings } from '../meter/settings.ts';
import type { NvmStorage } from '../nvm/storage.ts';
import type { Random } from '../time/random.ts';
import type { Time } from '../time/time.ts';
import { connectGently, type Starter } from './connect-gently.ts';
import type { Fleet, FleetHandset, FleetMeter } from './fleet-file.ts';
import { handsetFromFleet, meterFromFleet } from './from-fleet.ts';
import { startRounds } from './rounds.ts';

export interface FleetOptions {
  readonly fleet: Fleet;
  /** How many of the fleet's meters and handsets to run; all of them where not given. */
  readonly meters?: number;
  readonly handsets?: number;
  readonly links: LinkFactory;
  /** The meters make no connection of their own: a reader or a line brings commands to them. */
  readonly areMetersOffline?: boolean;
  readonly time: Time;
  readonly random: Random;
  readonly newRequestId: () => string;
  readonly memoryOf: (meter: FleetMeter) => NvmStorage;
  readonly storeOf: (handset: FleetHandset) => RequestStore;
  /** How often each meter charges what was consumed; 0 = never. */
  readonly chargeEveryMs?: number;
  /** How often each meter publishes a reading; 0 = never. */
  readonly readEveryMs?: number;
  /** Consumption runs so many times faster than the clock. */
  readonly speed?: number;
  readonly settings?: MeterSettings;
  readonly behaviourOf?: (meter: FleetMeter) => Behaviour;
  /** How long a handset waits before it sends a request again. */
  readonly resend?: Backoff;
  readonly observeMeter?: (meter: Meter, observation: MeterObservation) => void;
  readonly observeHandset?: (handset: Handset, observation: HandsetObservation) => void;
  /** Connections being made at one time. */
  readonly connectAtOnce?: number;
}

/** A fleet that runs. */
export interface RunningFleet {
  readonly meters: readonly Meter[];
  readonly handsets: readonly Handset[];
  /** Resolves when every device is connected; rejects with GATEWAY_UNREACHABLE after `timeoutMs`, saying how many are. */
  allUp(timeoutMs: number): Promise<void>;
  close(): Promise<void>;
}

const CHARGE_EVERY_MS = 1_000;
const READ_EVERY_MS = 10_000;
const RESEND_CHECK_MS = 500;
const POWER_BACK_MS = 2_000;
const CONNECT_AT_ONCE = 64;
const CHECK_UP_MS = 20;

const take = <T>(kind: string, all: readonly T[], wanted: number | undefined): readonly T[] => {
  if (wanted === undefined || wanted <= all.length) return all.slice(0, wanted);
  const message = `The fleet file has ${all.length} ${kind}, ${wanted} were asked for. Register more, or ask for fewer.`;
  throw new TapwattError('CONFIG_INVALID', message);
};

class FleetRun implements RunningFleet {
  readonly meters: readonly Meter[];
  readonly handsets: readonly Handset[];
  readonly #options: FleetOptions;
  readonly #settled = new Map<object, () => void>();
  readonly #stops: (() => void)[] = [];
  readonly #powerBack = new Map<Meter, () => void>();
  #isClosed = false;

  constructor(options: FleetOptions) {
    const { fleet } = options;
    this.#options = options;
    this.meters = take('meters', fleet.meters, options.meters).map((meter) => this.#meter(meter));
    this.handsets = take('handsets', fleet.handsets, options.handsets).map((handset) =>
      this.#handset(handset),
    );
  }

  start(): void {
    const { time, chargeEveryMs = CHARGE_EVERY_MS, readEveryMs = READ_EVERY_MS, speed = 1 } = this.#options;
    const starters: Starter[] = [...this.handsets, ...this.meters].map((device) => ({
      start: (settled) => this.#connect(device, settled),
    }));
    connectGently(starters, this.#options.connectAtOnce ?? CONNECT_AT_ONCE);
    const charge = (meter: Meter, elapsedMs: number): void => meter.tick(elapsedMs * speed);
    const meterRounds = { devices: this.meters, time };
    if (chargeEveryMs > 0)
      this.#stops.push(startRounds({ ...meterRounds, periodMs: chargeEveryMs, visit: charge }));
    if (readEveryMs > 0) {
      this.#stops.push(
        startRounds({ ...meterRounds, periodMs: readEveryMs, visit: (meter) => meter.read() }),
      );
    }
    const resend = (handset: Handset): void => handset.tick();
    this.#stops.push(startRounds({ devices: this.handsets, time, periodMs: RESEND_CHECK_MS, visit: resend }));
  }

  allUp(timeoutMs: number): Promise<void> {
    const { time, areMetersOffline } = this.#options;
    const devices = [...this.handsets, ...(areMetersOffline ? [] : this.meters)];
    const end = time.now() + timeoutMs;
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const up = devices.filter((device) => device.isUp).length;
        if (up === devices.length) resolve();
        else if (time.now() < end && !this.#isClosed) time.after(CHECK_UP_MS, check);
        else {
          const message = `${up} of ${devices.length} devices are connected after ${timeoutMs} ms.`;
          reject(new TapwattError('GATEWAY_UNREACHABLE', message, { details: { up, of: devices.length } }));
        }
      };
      check();
    });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const stop of [...this.#stops, ...this.#powerBack.values()]) stop();
    await Promise.all([...this.handsets, ...this.meters].map((device) => device.close()));
  }

  #meter(entry: FleetMeter): Meter {
    const { fleet, time, random, memoryOf, settings, behaviourOf } = this.#options;
    const meter: Meter = meterFromFleet(fleet, entry, {
      links: this.#options.areMetersOffline ? noLinks : this.#options.links,
      time,
      storage: memoryOf(entry),
      load: householdLoad(random),
      ...(settings && { settings }),
      ...(behaviourOf && { behaviour: behaviourOf(entry) }),
      observe: (observation) => this.#onMeter(meter, observation),
    });
    return meter;
  }

  #handset(entry: FleetHandset): Handset {
    const { fleet, links, time, random, newRequestId, storeOf, resend, observeHandset } = this.#options;
    const handset: Handset = handsetFromFleet(fleet, entry, {
      links,
      time,
      random,
      newRequestId,
      store: storeOf(entry),
      ...(resend && { resend }),
      observe: (observation) => {
        if (observation.type === 'up' || observation.type === 'down') this.#settled.get(handset)?.();
        observeHandset?.(handset, observation);
      },
    });
    return handset;
  }

  #connect(device: Meter | Handset, settled: () => void): void {
    if (this.#isClosed) return;
    this.#settled.set(device, settled);
    if ('powerOn' in device) device.powerOn();
    else device.start();
    if (this.#options.areMetersOffline && 'powerOn' in device) settled();
  }

  #onMeter(meter: Meter, observation: MeterObservation): void {
    const { type } = observation;
    const isOff = type === 'power-cut' || type === 'memory-failed';
    if (type === 'up' || type === 'down' || isOff) this.#settled.get(meter)?.();
    if (isOff && !this.#isClosed) {
      this.#powerBack.set(
        meter,
        this.#options.time.after(POWER_BACK_MS, () => meter.powerOn()),
      );
    }
    this.#options.observeMeter?.(meter, observation);
  }
}

/**
 * Builds and starts the meters and handsets of a fleet: one timer for all of them, connections a few at a time, so that
 * thousands fit one process. Throws CONFIG_INVALID where the fleet is smaller than asked for.
 */
export const startFleet = (options: FleetOptions): RunningFleet => {
  const run = new FleetRun(options);
  run.start();
  return run;
};
