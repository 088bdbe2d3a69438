import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FabricNetworkUnderTest, type Fleet, type Ledger, provisionFleet } from '@tapwatt/gateway';
import { type GatewayPorts, launchGateway } from '../../src/gateway-process.ts';
import type { Program } from '../../src/program.ts';
import { launchBroker } from '../processes/broker-process.ts';
import { quietPort } from '../processes/quiet-port.ts';
import { connectAs, enrolGateway } from './enrol-gateway.ts';

const SITE = 'home';
const CLOCK_OFF = new URL('./clock-off.ts', import.meta.url).href;

interface Ready {
  readonly state: string;
  readonly reasons: readonly { readonly code: string; readonly message: string }[];
}

/** A gateway of the site in a process of its own. */
export interface FabricGateway {
  ready(): Promise<Ready>;
  /** Its clock jumps ahead by 20 minutes, or back. */
  setClockWrong(): void;
  kill(): Promise<void>;
}

/** A Fabric network, a broker and one or two gateways of one site, all processes of their own. */
export interface TownOnFabric {
  readonly network: FabricNetworkUnderTest;
  readonly fleet: Fleet;
  readonly gateway: FabricGateway;
  /** The ledger as the gateway's party sees it. */
  readonly books: Ledger;
  /** Every line that a gateway logged. */
  logOf(gatewayId: string): Promise<string>;
  /** Which vouchers a gateway has taken to their meters. */
  presentedBy(gatewayId: string): Promise<ReadonlySet<string>>;
  /** Registers another gateway of the same site, with the same keys but its own, and starts it. */
  startSecondGateway(): Promise<void>;
  close(): Promise<void>;
}

export interface TownOnFabricOptions {
  readonly meters: number;
  readonly handsets: number;
}

export async function openTownOnFabric({ meters, handsets }: TownOnFabricOptions): Promise<TownOnFabric> {
  const directory = await mkdtemp(join(tmpdir(), 'tw-'));
  const undo: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  try {
    const network = await FabricNetworkUnderTest.make();
    undo.push(() => network.remove());
    await network.up();
    const site: Site = { directory, network, undo, mqttPort: await quietPort() };
    const gateway = await startGateway(site, 'gateway', () => startBroker(site));
    const broker = { host: '127.0.0.1', port: site.mqttPort };
    const fleetFile = join(directory, 'fleet.json');
    const dataDirectory = dataOf(site, 'gateway');
    const fleet = await provisionFleet({ dataDirectory, broker, meters, handsets, fleetFile });
    const books = await connectAs('gateway', network.networkFile);
    undo.push(() => books.close());
    const logOf = (gatewayId: string) => readFile(logFileOf(site, gatewayId), 'utf8');
    return {
      ...{ network, fleet, gateway, books, logOf, close },
      presentedBy: async (gatewayId) => presentedIn(await logOf(gatewayId)),
      startSecondGateway: () => startSecond(site),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Site {
  readonly directory: string;
  readonly network: FabricNetworkUnderTest;
  readonly undo: (() => Promise<unknown>)[];
  readonly mqttPort: number;
}

const dataOf = ({ directory }: Site, gatewayId: string): string => join(directory, gatewayId);

const logFileOf = ({ directory }: Site, gatewayId: string): string => join(directory, `${gatewayId}.log`);

const presentedIn = (log: string): ReadonlySet<string> =>
  new Set([...log.matchAll(/"redemptionId":"(\w+)".*"presented"/g)].flatMap(([, id]) => id ?? []));

/** With the key that the first start of the gateway makes. */
async function startBroker(site: Site): Promise<void> {
  const { directory, mqttPort: port, undo } = site;
  const keyFile = join(dataOf(site, 'gateway'), 'keys', 'mqtt.key');
  const logFile = join(directory, 'broker.log');
  const broker = launchBroker({ site: SITE, port, keyFile, logFile });
  undo.push(() => broker.kill());
  await broker.ready;
}

async function startGateway(site: Site, gatewayId: string, onReady?: () => Promise<void>) {
  const { network, mqttPort } = site;
  const program = launchGateway({
    ...{ dataDirectory: dataOf(site, gatewayId), mqttPort: 0, httpPort: 0 },
    logFile: logFileOf(site, gatewayId),
    environment: {
      TAPWATT_LOG_LEVEL: 'debug',
      NODE_OPTIONS: `--import=${CLOCK_OFF}`,
      TAPWATT_GATEWAY_ID: gatewayId,
      TAPWATT_LEDGER_KIND: 'fabric',
      TAPWATT_LEDGER_FABRIC_NETWORK: network.networkFile,
      TAPWATT_MQTT_EXTERNAL: `mqtt://127.0.0.1:${mqttPort}`,
      TAPWATT_SWEEP_INTERVAL_MS: '1000',
    },
  });
  site.undo.push(() => program.stop());
  await program.ready;
  await onReady?.();
  return gatewayOf(program);
}

async function startSecond(site: Site): Promise<void> {
  const gatewayId = 'gateway-2';
  const [from, to] = [dataOf(site, 'gateway'), dataOf(site, gatewayId)];
  await enrolGateway({ gatewayId, from, to, networkFile: site.network.networkFile });
  await startGateway(site, gatewayId);
}

function gatewayOf(program: Program<GatewayPorts>): FabricGateway {
  return {
    async ready() {
      const { httpPort } = await program.ready;
      return (await (await fetch(`http://127.0.0.1:${httpPort}/health/ready`)).json()) as Ready;
    },
    setClockWrong: () => void process.kill(program.pid, 'SIGUSR2'),
    kill: () => program.kill(),
  };
}
