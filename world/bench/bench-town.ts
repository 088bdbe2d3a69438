import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { provisionFleet } from '@tapwatt/gateway';
import type { Fleet } from '@tapwatt/simulator';
import { type GatewayProcess, startGatewayProcess } from '../src/gateway-process.ts';

export type Say = (line: string) => void;

/** A gateway process with a data directory of its own, for one benchmark. */
export interface BenchTown {
  start(ports?: { readonly mqttPort: number; readonly httpPort: number }): Promise<GatewayProcess>;
  /** Registers meters and handsets, and funds their wallet. */
  provision(
    gateway: GatewayProcess,
    size: { readonly meters: number; readonly handsets: number },
  ): Promise<Fleet>;
}

const DEPOSIT = '1000000000000';
const LOOK_MS = 50;
const DEADLINE_MS = 120_000;

/** `environment`: what the gateway is configured with besides. */
export async function inBenchTown<T>(
  run: (town: BenchTown) => Promise<T>,
  environment: Readonly<Record<string, string>> = {},
): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'tapwatt-bench-'));
  const dataDirectory = join(directory, 'data');
  try {
    return await run({
      start: (ports = { mqttPort: 0, httpPort: 0 }) =>
        startGatewayProcess({
          ...{ dataDirectory, ...ports, logFile: join(directory, 'gateway.log') },
          // Vouchers are for the benchmark to redeem, not for the sweep of every 30 seconds.
          environment: {
            ...{ TAPWATT_LOG_LEVEL: 'warn', TAPWATT_SWEEP_INTERVAL_MS: '3600000' },
            ...environment,
          },
        }),
      provision: (gateway, size) =>
        provisionFleet({
          ...{ dataDirectory, ...size, deposit: DEPOSIT, fleetFile: join(directory, 'fleet.json') },
          broker: { host: '127.0.0.1', port: gateway.mqttPort },
        }),
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What the gateway counts of itself. */
async function overviewOf(gateway: GatewayProcess): Promise<{ counters: Readonly<Record<string, number>> }> {
  const answer = await fetch(`http://127.0.0.1:${gateway.httpPort}/api/v1/status`);
  return ((await answer.json()) as { overview: { counters: Record<string, number> } }).overview;
}

/** When a counter of the gateway has reached its goal, `performance.now()`. */
export async function reached(gateway: GatewayProcess, counter: string, goal: number): Promise<number> {
  const endMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const { counters } = await overviewOf(gateway);
    if ((counters[counter] ?? 0) >= goal) return performance.now();
    if (performance.now() > endMs)
      throw new Error(`${counter} is ${counters[counter]} of ${goal} after the deadline.`);
    await pause(LOOK_MS);
  }
}
