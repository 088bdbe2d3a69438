import { type Command, InvalidArgumentError } from 'commander';

/** The options of `tapwatt-sim run`. */
export interface RunOptions {
  readonly fleet: string;
  readonly meters?: number;
  readonly handsets?: number;
  readonly seed: number;
  readonly state: string;
  readonly intervalMs: number;
  readonly speed: number;
  readonly waitMs: number;
  readonly buy: boolean;
  readonly json: boolean;
}

const whole =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`A whole number from ${min} to ${max}.`);
    }
    return value;
  };

const positive = (text: string): number => {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000))
    throw new InvalidArgumentError('A number above 0, at most 1000000.');
  return value;
};

const MAX_DEVICES = 100_000;
const MAX_MS = 86_400_000;

/** Adds what `run` understands. */
export const addRunOptions = (command: Command): Command =>
  command
    .option(
      '--fleet <file>',
      'the fleet file: broker, meters and handsets with their secrets',
      'data/fleet.json',
    )
    .option('--meters <n>', 'how many of its meters (default: all)', whole(1, MAX_DEVICES))
    .option('--handsets <n>', 'how many of its handsets (default: all)', whole(0, MAX_DEVICES))
    .option(
      '--seed <n>',
      'chooses who buys what for whom, and who consumes how much',
      whole(0, 2 ** 32 - 1),
      1,
    )
    .option('--state <dir>', 'the meters’ memories and the handsets’ outstanding requests', 'data/simulator')
    .option('--interval-ms <ms>', 'between two purchases, on average', whole(1, MAX_MS), 4_000)
    .option('--speed <x>', 'consumption runs so many times faster than the clock', positive, 1)
    .option('--wait-ms <ms>', 'how long to wait for the gateway at the start', whole(1, MAX_MS), 30_000)
    .option('--no-buy', 'connect only; resume what is outstanding, buy nothing new')
    .option('--json', 'one JSON object a line on stdout', false);
