import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from './program.ts';

const BIN = fileURLToPath(new URL('../../gateway/bin/tapwatt.js', import.meta.url));

export interface GatewayProcessOptions {
  /** Absolute path; made at the first start. */
  readonly dataDirectory: string;
  /** 0 takes any free port. */
  readonly mqttPort: number;
  readonly httpPort: number;
  /** Where its log goes; without it to this process's standard error. */
  readonly logFile?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface GatewayPorts {
  /** 0 where an external broker is used. */
  readonly mqttPort: number;
  readonly httpPort: number;
}

/** A gateway in a process of its own, as an operator runs it. */
export interface GatewayProcess extends GatewayPorts, Omit<Program<GatewayPorts>, 'ready' | 'send'> {}

/** Starts a gateway and resolves when it is ready. Rejects when it ends before, with the last words of its log. */
export async function startGatewayProcess(options: GatewayProcessOptions): Promise<GatewayProcess> {
  const program = launchGateway(options);
  return { ...program, ...(await program.ready) };
}

/** Starts a gateway and waits for nothing. */
export const launchGateway = (options: GatewayProcessOptions): Program<GatewayPorts> =>
  startProgram({
    name: 'The gateway',
    command: [
      ...[BIN, 'run', '--json', '--data', options.dataDirectory],
      ...['--mqtt-port', String(options.mqttPort), '--port', String(options.httpPort)],
    ],
    logFile: options.logFile,
    environment: options.environment,
    readyOf: portsOf,
  });

/** The ports that `tapwatt run --json` prints when it is ready. */
function portsOf(line: string): GatewayPorts | undefined {
  const { status, mqttPort, httpPort } = JSON.parse(line) as Record<string, unknown>;
  if (status !== 'ready' || typeof httpPort !== 'number') return undefined;
  return { mqttPort: typeof mqttPort === 'number' ? mqttPort : 0, httpPort };
}
