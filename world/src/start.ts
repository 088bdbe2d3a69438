import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf } from '@tapwatt/firmware-contracts';
import { provisionFleet } from '@tapwatt/gateway';
import { endOf, stopChild } from './child.ts';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.ts';

/**
 * `npm start`: a gateway and a simulator as two processes, with five meters and one agent, on this machine alone. A
 * second start finds everything where it was.
 */

const USAGE = `Usage: npm start [-- options]
  --data DIR         where everything is kept (data)
  --meters N         simulated meters (5)
  --port N           the page (8080)
  --mqtt-port N      the broker (1883)
  --interval-ms N    between two purchases, on average (4000)
TAPWATT_DATA, TAPWATT_HTTP_PORT and TAPWATT_MQTT_PORT serve as well.
`;

const SIMULATOR = fileURLToPath(new URL('../../simulator/bin/tapwatt-sim.js', import.meta.url));
const STOP_DEADLINE_MS = 5_000;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

interface StartOptions {
  readonly data: string;
  readonly meters: number;
  readonly port: number;
  readonly mqttPort: number;
  readonly intervalMs: string;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** `undefined`: only help was asked for. Throws `TypeError` for what it does not understand. */
function readOptions(): StartOptions | undefined {
  const { TAPWATT_DATA, TAPWATT_HTTP_PORT, TAPWATT_MQTT_PORT } = process.env;
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: TAPWATT_DATA || 'data' },
      meters: { type: 'string', default: '5' },
      port: { type: 'string', default: TAPWATT_HTTP_PORT || '8080' },
      'mqtt-port': { type: 'string', default: TAPWATT_MQTT_PORT || '1883' },
      'interval-ms': { type: 'string', default: '4000' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    data: resolve(values.data),
    meters: whole('--meters', values.meters, 1, 10_000),
    port: whole('--port', values.port, 0, 65_535),
    mqttPort: whole('--mqtt-port', values['mqtt-port'], 0, 65_535),
    intervalMs: String(whole('--interval-ms', values['interval-ms'], 1, 3_600_000)),
  };
}

function whole(name: string, text: string, ...[min, max]: readonly [number, number]): number {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
  throw new TypeError(`${name}: a whole number from ${min} to ${max}.`);
}

/** Registers what is missing: five meters, an agent with a handset and a funded wallet. */
async function provision(options: StartOptions, gateway: GatewayProcess, fleetFile: string): Promise<void> {
  await provisionFleet({
    dataDirectory: options.data,
    broker: { host: '127.0.0.1', port: gateway.mqttPort },
    meters: options.meters,
    handsets: 1,
    fleetFile,
  });
}

function startSimulator(options: StartOptions, fleetFile: string) {
  const child = spawn(
    process.execPath,
    [
      ...[SIMULATOR, 'run', '--fleet', fleetFile, '--state', join(options.data, 'simulator')],
      ...['--meters', String(options.meters), '--interval-ms', options.intervalMs],
    ],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const ended = endOf(child);
  return { ended, stop: () => stopChild(child, ended, STOP_DEADLINE_MS) };
}

/**
 * Resolves at the first Ctrl-C (or SIGTERM), which the terminal sends to both children as well, and when what npm
 * started in this process's place is gone.
 */
const interrupted = (): Promise<'interrupted'> =>
  new Promise((resolve) => {
    const ask = () => resolve('interrupted');
    process.on('SIGINT', ask);
    process.on('SIGTERM', ask);
    process.once('disconnect', ask);
    process.channel?.unref();
  });

async function run(options: StartOptions): Promise<number> {
  const stopAsked = interrupted();
  await mkdir(options.data, { recursive: true, mode: 0o700 });
  const logFile = join(options.data, 'gateway.log');
  say('Starting the gateway …');
  const gateway = await startGatewayProcess({
    dataDirectory: options.data,
    mqttPort: options.mqttPort,
    httpPort: options.port,
    logFile,
  });
  try {
    const fleetFile = join(options.data, 'fleet.json');
    await provision(options, gateway, fleetFile);
    say(
      `The live page is at http://127.0.0.1:${gateway.httpPort}/ — the gateway’s log is ${relative('.', logFile)}.`,
    );
    say(
      'A handset buys and redeems a voucher every few seconds. Ctrl-C stops; start again and all is where it was.',
    );
    const simulator = startSimulator(options, fleetFile);
    const how = await Promise.race([
      stopAsked,
      gateway.ended.then((end) => `The gateway ended (${end}); its log is ${logFile}.`),
      simulator.ended.then((end) => `The simulator ended (${end}).`),
    ]);
    await simulator.stop();
    if (how === 'interrupted') return 0;
    say(how);
    return EXIT_FAILED;
  } finally {
    await gateway.stop();
  }
}

/** Runs until Ctrl-C; answers the exit code. */
async function main(): Promise<number> {
  try {
    const options = readOptions();
    if (options !== undefined) return await run(options);
    process.stdout.write(USAGE);
    return 0;
  } catch (error) {
    if (error instanceof TypeError) {
      say(`${error.message}\n\n${USAGE}`);
      return EXIT_USAGE;
    }
    say(messageOf(error));
    return EXIT_FAILED;
  }
}

process.exit(await main());
