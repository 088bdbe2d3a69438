import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from '../../src/program.ts';
import type { SimulatorLine } from './simulator-line.ts';

const MAIN = fileURLToPath(new URL('./simulator-main.ts', import.meta.url));

/** It waits for the gateway and the broker, and says after a minute how many devices are connected. */
const READY_DEADLINE_MS = 90_000;

export interface SimulatorProcessOptions {
  readonly fleetFile: string;
  /** Where meters and handsets keep what they keep. */
  readonly state: string;
  readonly seed: number;
  readonly logFile: string;
  readonly onLine: (line: SimulatorLine) => void;
}

/** Starts meters and handsets in a process of their own; ready when all of them are connected. */
export const launchSimulator = (options: SimulatorProcessOptions): Program<true> =>
  startProgram({
    name: 'The simulator',
    command: [MAIN, options.fleetFile, options.state, String(options.seed)],
    logFile: options.logFile,
    readyDeadlineMs: READY_DEADLINE_MS,
    environment: { NODE_COMPILE_CACHE: `${options.state}/compiled` },
    readyOf: (line) => ((JSON.parse(line) as SimulatorLine).type === 'up' ? true : undefined),
    onLine: (line) => options.onLine(JSON.parse(line) as SimulatorLine),
  });
