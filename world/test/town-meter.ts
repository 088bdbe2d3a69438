import { bytesToHex, decodeReceipt, type ReceiptFields } from '@tapwatt/firmware-contracts';
import type { Fleet } from '@tapwatt/gateway';
import {
  type Behaviour,
  constantLoad,
  type FleetMeter,
  HONEST,
  type Link,
  type LinkFactory,
  type Meter,
  type MeterObservation,
  meterFromFleet,
  mqttLinks,
  type NvmStorage,
  seededRandom,
  systemTime,
  tcpConnector,
} from '@tapwatt/simulator';
import { until } from './until.ts';

/** A simulated meter, what it said, and a way to say something false over its own connection. */
export interface TownMeter {
  readonly entry: FleetMeter;
  readonly meterId: string;
  readonly device: Meter;
  /** Frames that it said, newest last. */
  said(channel: 'rcpt' | 'status'): readonly Uint8Array[];
  receipts(): readonly ReceiptFields[];
  /** Sum of all credits, minor units. */
  readonly credited: bigint;
  readonly acknowledged: number;
  readonly isUp: boolean;
  /** Powers it on and resolves when it is connected. */
  start(): Promise<void>;
  behave(behaviour: Behaviour): void;
  /** Blanks its memory, as a broken or swapped board does. Without power only. */
  wipe(): void;
  /** What it remembers now; the function it returns puts that back, as an image of an old memory does. Without power only. */
  imageOfMemory(): () => void;
  /** Says these bytes over the meter's own connection. */
  say(topic: string, payload: Uint8Array): void;
  close(): Promise<void>;
}

export function townMeter(fleet: Fleet, entry: FleetMeter, storage: NvmStorage): TownMeter {
  const said: Extract<MeterObservation, { type: 'said' }>[] = [];
  let link: Link | undefined;
  const links = mqttLinks({
    connector: tcpConnector(fleet.broker),
    time: systemTime,
    random: seededRandom(Number(entry.meterId)),
    backoff: { firstMs: 20, maxMs: 100 },
  });
  const remembered: LinkFactory = (identity, handlers) => {
    link = links(identity, handlers);
    return link;
  };
  const device = meterFromFleet(fleet, entry, {
    links: remembered,
    time: systemTime,
    storage,
    load: constantLoad(1_000),
    behaviour: HONEST,
    observe: (observation) => {
      if (observation.type === 'said') said.push(observation);
    },
  });
  const frames = (channel: string) =>
    said.filter((one) => one.channel === channel).map(({ payload }) => payload);
  return {
    entry,
    meterId: entry.meterId,
    device,
    said: frames,
    receipts: () =>
      frames('rcpt').map((frame) => {
        const decoded = decodeReceipt(frame);
        if (!decoded.ok) throw new Error(`Not a receipt: ${bytesToHex(frame)}`);
        return decoded.fields;
      }),
    get credited() {
      return device.state?.meter.record?.cumulativeCredited ?? 0n;
    },
    get acknowledged() {
      return device.state?.meter.record?.ackedReceiptNo ?? 0;
    },
    get isUp() {
      return device.isUp;
    },
    async start() {
      device.powerOn();
      await until(`meter ${entry.meterId} to be connected`, () => device.isUp || undefined);
    },
    behave: (behaviour) => device.misbehave(behaviour),
    wipe() {
      for (let word = 0; word < storage.words; word += 1) storage.write(word, 0xffff_ffff);
    },
    imageOfMemory() {
      const words = Array.from({ length: storage.words }, (_, word) => storage.read(word));
      return () => {
        for (const [word, value] of words.entries()) storage.write(word, value);
      };
    },
    say(topic, payload) {
      if (link?.publish(topic, payload) !== true) throw new Error(`Meter ${entry.meterId} could not say it.`);
    },
    close: () => device.close(),
  };
}
