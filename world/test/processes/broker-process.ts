import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from '../../src/program.ts';

const BIN = fileURLToPath(new URL('../../../broker/bin/tapwatt-broker.js', import.meta.url));

export interface BrokerProcessOptions {
  readonly site: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly keyFile: string;
  readonly logFile: string;
}

/** Starts a site's broker in a process of its own; it is ready with its port. */
export const launchBroker = ({ site, port, keyFile, logFile }: BrokerProcessOptions): Program<number> =>
  startProgram({
    name: 'The broker',
    command: [BIN, 'run', '--json', '--site', site, '--port', String(port), '--key-file', keyFile],
    logFile,
    environment: { TAPWATT_LOG_LEVEL: 'warn' },
    readyOf(line) {
      const { mqttPort } = JSON.parse(line) as { mqttPort?: unknown };
      return typeof mqttPort === 'number' ? mqttPort : undefined;
    },
  });
