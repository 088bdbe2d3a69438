import { fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { topics } from '@tapwatt/firmware-contracts';
import type { Aedes } from 'aedes';
import { ALL_CURES } from '../src/cures.ts';
import { createEngine } from '../src/engine.ts';
import { createHooks } from '../src/hooks.ts';
import { createLegs } from '../src/leg.ts';
import { DEFAULT_LIMITS } from '../src/limits.ts';
import { SILENT } from '../src/log.ts';
import { Sessions } from '../src/sessions.ts';
import { systemTime } from '../src/system-time.ts';
import { Transports } from '../src/transports.ts';

/**
 * Round trips of a voucher and its receipt between the gateway's leg and meters in another process, by every way
 * that aedes offers: what does a message cost this process? `node broker/bench/roundtrip.ts --meters 200 --seconds 5`
 */
const { values } = parseArgs({
  options: {
    meters: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '5' },
    /** Round trips under way at once, when no rate is given. */
    window: { type: 'string', default: '64' },
    /** Round trips offered a second; 0: the next one when one has ended. */
    rate: { type: 'string', default: '0' },
    way: { type: 'string', multiple: true, default: ['leg', 'client', 'broker'] },
  },
});
const SITE = 'bench';
const meters = Number(values.meters);
const rate = Number(values.rate);
const PACE_MS = 2;
const VOUCHER = Buffer.alloc(72, 1);
const UNLIMITED = { meter: Number.POSITIVE_INFINITY, handset: 0, gateway: 0 };

type Send = (id: string) => void;
type Receive = (id: string) => void;

/** `leg`: hook in, straight write out. `client`: hook in, `client.publish` out. `broker`: wildcard in, `aedes.publish` out. */
const WAYS: Record<string, (engine: Engine, receive: Receive) => Send> = {
  leg: ({ legs }, receive) => {
    const leg = legs.open();
    leg.onMessage((topic) => receive(topic.split('/')[4] ?? ''));
    return (id) => void leg.publish(down(id), VOUCHER);
  },
  client: ({ legs, sessions }, receive) => {
    legs.open().onMessage((topic) => receive(topic.split('/')[4] ?? ''));
    return (id) => sessions.get(`m-${id}`)?.client.publish(packet(id), () => {});
  },
  broker: ({ aedes }, receive) => {
    const deliver = (message: { topic: string }, done: () => void) => {
      receive(message.topic.split('/')[4] ?? '');
      done();
    };
    aedes.subscribe(`tw/v1/${SITE}/m/+/up/+`, deliver, () => {});
    return (id) => aedes.publish(packet(id), () => {});
  },
};

const down = (id: string) => topics(SITE).meter(id).down('vch');
const packet = (id: string) =>
  ({ cmd: 'publish', topic: down(id), payload: VOUCHER, qos: 1, retain: false, dup: false }) as const;

interface Engine {
  readonly aedes: Aedes;
  readonly sessions: Sessions;
  readonly legs: ReturnType<typeof createLegs>;
}

const measure = async (way: string): Promise<void> => {
  const limits = { ...DEFAULT_LIMITS, inboundPerSecond: UNLIMITED };
  const sessions = new Sessions({ maxWaiting: 4, ordered: true });
  const ignore = () => {};
  let legs: Engine['legs'] | undefined;
  const hooks = createHooks({
    ...{ site: SITE, limits, cures: ALL_CURES, sessions, refused: ignore },
    authenticate: async () => true,
    published: (topic, payload, from) => legs?.deliver(topic, payload, from),
  });
  const aedes = await createEngine({ limits, cures: ALL_CURES, hooks, sessions, log: SILENT, ended: ignore });
  legs = createLegs({ site: SITE, limits, sessions, aedes, log: SILENT, counters: { out: 0, busy: 0 } });
  const transports = new Transports({
    ...{ aedes, limits, cures: ALL_CURES, time: systemTime },
    refused: ignore,
  });
  const { port } = await transports.listen({ host: '127.0.0.1', port: 0 });
  const child = fork(new URL('./devices.ts', import.meta.url), [String(port), String(meters), SITE]);
  await once(child, 'message');
  await run(way, { aedes, sessions, legs });
  child.kill();
  await transports.close(500);
};

const run = async (way: string, engine: Engine): Promise<void> => {
  let trips = 0;
  let next = 0;
  let running = true;
  const sentAt = new Map<string, number>();
  const times: number[] = [];
  const send = WAYS[way]?.(engine, (id) => {
    times.push(performance.now() - (sentAt.get(id) ?? 0));
    trips++;
    if (running && rate === 0) sendNext();
  });
  if (send === undefined) throw new Error(`no such way: ${way}`);
  const sendNext = () => {
    const id = String(1 + (next++ % meters));
    sentAt.set(id, performance.now());
    send(id);
  };
  if (rate === 0) for (let n = 0; n < Number(values.window); n++) sendNext();
  const pacer = setInterval(() => {
    for (let n = 0; n < (rate * PACE_MS) / 1000; n++) sendNext();
  }, PACE_MS);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = { trips, cpu: process.cpuUsage(), at: performance.now() };
  times.length = 0;
  await new Promise((resolve) => setTimeout(resolve, Number(values.seconds) * 1000));
  const cpu = process.cpuUsage(before.cpu);
  const done = trips - before.trips;
  running = false;
  clearInterval(pacer);
  report(way, { done, seconds: (performance.now() - before.at) / 1000, cpuUs: cpu.user + cpu.system, times });
};

const report = (way: string, r: { done: number; seconds: number; cpuUs: number; times: number[] }): void => {
  const sorted = r.times.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(2));
  const figures = {
    way,
    roundTripsPerSecond: Math.round(r.done / r.seconds),
    cpuUsPerRoundTrip: Math.round(r.cpuUs / r.done),
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
};

for (const way of values.way) await measure(way);
process.exit(0);
