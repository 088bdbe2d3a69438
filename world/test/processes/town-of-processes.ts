import { join } from 'node:path';
import { type Fleet, provisionFleet } from '@tapwatt/gateway';
import { type GatewayPorts, launchGateway, startGatewayProcess } from '../../src/gateway-process.ts';
import type { Program } from '../../src/program.ts';
import { launchBroker } from './broker-process.ts';
import { createHearsay, type Hearsay } from './hearsay.ts';
import { quietPort } from './quiet-port.ts';
import { launchSimulator } from './simulator-process.ts';

export type Role = 'gateway' | 'broker' | 'simulator';

export interface TownOptions {
  /** Empty; everything of the town lies in it. */
  readonly directory: string;
  /** `own`: in a process of its own; `built-in`: in the gateway's. */
  readonly broker: 'own' | 'built-in';
  readonly meters: number;
  readonly handsets: number;
  readonly seed: number;
}

/** Gateway, broker and simulator as an operator runs them: processes that know each other only by their ports. */
export interface TownOfProcesses {
  readonly roles: readonly Role[];
  readonly fleet: Fleet;
  readonly dataDirectory: string;
  /** Where meters and handsets keep what they keep. */
  readonly state: string;
  readonly hearsay: Hearsay;
  /** Kills all of them at one moment, and resolves when they are gone and all that they told was read. */
  kill(roles: readonly Role[]): Promise<void>;
  /** Starts them and waits for nothing. */
  launch(roles: readonly Role[]): void;
  /** Resolves when all are ready; rejects, with its last words, when one ended by itself. */
  up(): Promise<void>;
  /** The handsets ask for nothing new any more. */
  calm(): void;
  /** What the gateway says of itself. */
  ready(): Promise<{ readonly state: string }>;
  /** Money held for open vouchers, minor units. */
  held(): Promise<string>;
}

const SITE = 'home';

export async function createTown(options: TownOptions): Promise<TownOfProcesses> {
  const { directory, seed } = options;
  const dataDirectory = join(directory, 'data');
  const state = join(directory, 'simulator');
  const fleetFile = join(directory, 'fleet.json');
  const hearsay = createHearsay();
  const mqttPort = await quietPort();
  const fleet = await found({ ...options, dataDirectory, fleetFile, mqttPort });
  const logFile = (role: Role) => join(directory, `${role}.log`);
  const external = options.broker === 'own' ? `mqtt://127.0.0.1:${mqttPort}` : undefined;
  const environment = {
    TAPWATT_LOG_LEVEL: 'warn',
    TAPWATT_SWEEP_INTERVAL_MS: '1000',
    ...(external && { TAPWATT_MQTT_EXTERNAL: external }),
  };
  const gatewayOptions = { dataDirectory, mqttPort, httpPort: 0, environment };
  const keyFile = join(dataDirectory, 'keys', 'mqtt.key');
  const launchers = {
    gateway: () => launchGateway({ ...gatewayOptions, logFile: logFile('gateway') }),
    broker: () => launchBroker({ site: SITE, port: mqttPort, keyFile, logFile: logFile('broker') }),
    simulator: () =>
      launchSimulator({
        ...{ fleetFile, state, seed, onLine: hearsay.take },
        logFile: logFile('simulator'),
      }),
  };
  const running: { gateway?: Program<GatewayPorts>; broker?: Program<number>; simulator?: Program<true> } =
    {};
  const roles: readonly Role[] = external ? ['gateway', 'broker', 'simulator'] : ['gateway', 'simulator'];
  return {
    ...{ roles, fleet, dataDirectory, state, hearsay },
    async kill(victims) {
      await Promise.all(victims.map((role) => running[role]?.kill()));
    },
    launch(victims) {
      for (const role of victims) Object.assign(running, { [role]: launchers[role]() });
    },
    async up() {
      await Promise.all(Object.values(running).map(({ ready }) => ready));
    },
    calm: () => running.simulator?.send('calm'),
    ready: async () => (await ask(running.gateway, '/health/ready')) as { state: string },
    held: async () => ((await ask(running.gateway, '/api/v1/wallets/wallet-1')) as { held: string }).held,
  };
}

async function ask(gateway: Program<GatewayPorts> | undefined, path: string): Promise<unknown> {
  const ports = await gateway?.ready;
  const answer = await fetch(`http://127.0.0.1:${ports?.httpPort}${path}`);
  return await answer.json();
}

interface Founding extends TownOptions {
  readonly dataDirectory: string;
  readonly fleetFile: string;
  readonly mqttPort: number;
}

/** The first start of a gateway makes the keys, which a broker of its own needs, and registers the fleet. */
async function found({ directory, dataDirectory, fleetFile, mqttPort, meters, handsets }: Founding) {
  const logFile = join(directory, 'gateway.log');
  const gateway = await startGatewayProcess({ dataDirectory, logFile, mqttPort: 0, httpPort: 0 });
  try {
    const broker = { host: '127.0.0.1', port: mqttPort };
    return await provisionFleet({ dataDirectory, broker, meters, handsets, fleetFile });
  } finally {
    await gateway.stop();
  }
}
