import { setTimeout as pause } from 'node:timers/promises';
import type { InfluxServer } from '@tapwatt/gateway';
import {
  type Fleet,
  memoryRequestStore,
  mqttLinks,
  newBoard,
  type RunningFleet,
  seededRandom,
  startFleet,
  systemTime,
  tcpConnector,
} from '@tapwatt/simulator';
import { inBenchTown, type Say } from '../../bench-town.ts';
import { round } from '../../load-protocol.ts';
import { cpuSeconds } from '../../process-figures.ts';
import { arrivedIn } from './telemetry-under-test.ts';

const METERS = 1_000;
/** Readings of 10,000 meters that read once a minute. */
const READINGS_PER_SECOND = 10_000 / 60;
const FASTER = 5;
const SECONDS = 30;
const TICK_MS = 20;
const DATABASE = 'gateway';
const CONNECT_MS = 60_000;
const ARRIVE_MS = 60_000;

export interface GatewayReport {
  readonly meters: number;
  readonly readings: number;
  readonly arrived: number;
  /** CPU of the gateway's whole process for each reading over MQTT, its broker, the disk and InfluxDB included. */
  readonly cpuUs: number;
  /** Per cent of one core that the process takes while the meters are connected and silent; taken off. */
  readonly silentCore: number;
  /** Per cent of one core at 10,000 readings a minute, broker included. */
  readonly coreAtTenThousandAMinute: number;
}

/** A gateway process with simulated meters on real MQTT connections, its readings in InfluxDB. */
export function benchGateway(server: InfluxServer, say: Say): Promise<GatewayReport> {
  const environment = {
    TAPWATT_TELEMETRY_INFLUX_URL: server.url,
    TAPWATT_TELEMETRY_INFLUX_DATABASE: DATABASE,
  };
  return inBenchTown(async (town) => {
    const gateway = await town.start();
    const fleet = await town.provision(gateway, { meters: METERS, handsets: 1 });
    const running = meters(fleet);
    try {
      await running.allUp(CONNECT_MS);
      say(`${METERS} meters connected, silent for ${SECONDS} s …`);
      // What they say when they connect is over by then.
      await pause(5_000);
      const silent = await cpuOf(gateway.pid, () => pause(SECONDS * 1_000));
      say(`reading ${FASTER} times as fast as 10,000 meters once a minute …`);
      const goal = Math.round(READINGS_PER_SECOND * FASTER * SECONDS);
      const busy = await cpuOf(gateway.pid, async () => {
        await readAll(running, goal);
        await allArrived(server, goal);
      });
      const cpuUs = ((busy.cpuS - silent.core * busy.seconds) / goal) * 1e6;
      return {
        ...{ meters: METERS, readings: goal, arrived: await arrivedIn(server, DATABASE) },
        cpuUs: round(cpuUs),
        silentCore: round(silent.core * 100),
        coreAtTenThousandAMinute: round((cpuUs * READINGS_PER_SECOND) / 10_000),
      };
    } finally {
      await running.close();
      await gateway.stop();
    }
  }, environment);
}

function meters(fleet: Fleet): RunningFleet {
  const random = seededRandom(1);
  const link = { time: systemTime, random, maxInFlight: 65_536, backoff: { firstMs: 100, maxMs: 1_000 } };
  return startFleet({
    ...{ fleet, meters: METERS, handsets: 0, time: systemTime, random, chargeEveryMs: 0, readEveryMs: 0 },
    links: mqttLinks({ connector: tcpConnector(fleet.broker), ...link }),
    newRequestId: () => String(random.next()),
    memoryOf: newBoard,
    storeOf: memoryRequestStore,
  });
}

async function readAll({ meters }: RunningFleet, goal: number): Promise<void> {
  const startMs = performance.now();
  let read = 0;
  while (read < goal) {
    const due = Math.min(goal, ((performance.now() - startMs) / 1_000) * READINGS_PER_SECOND * FASTER);
    for (; read < due; read += 1) meters[read % meters.length]?.read();
    await pause(TICK_MS);
  }
}

async function allArrived(server: InfluxServer, goal: number): Promise<void> {
  const endMs = performance.now() + ARRIVE_MS;
  while ((await arrivedIn(server, DATABASE)) < goal && performance.now() < endMs) await pause(500);
}

async function cpuOf(pid: number, work: () => Promise<unknown>) {
  const [beforeS, startMs] = [await cpuSeconds(pid), performance.now()];
  await work();
  const [cpuS, seconds] = [(await cpuSeconds(pid)) - beforeS, (performance.now() - startMs) / 1_000];
  return { cpuS, seconds, core: cpuS / seconds };
}
