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
  readonly serial?: string;
  readonly serialBaud: number;
  readonly serialOnly: boolean;
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
const MAX_BAUD = 921_600;
const LAST_BAUD_CHARACTER = 6;

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
    .option(
      '--serial <device>',
      'the meters answer on this serial line too, at the addresses 1, 2, … in their order',
    )
    .option('--serial-baud <n>', 'its baud rate', whole(300, MAX_BAUD), 9_600)
    .option('--serial-only', 'and nowhere else: they make no MQTT connection', false)
    .option('--no-buy', 'connect only; resume what is outstanding, buy nothing new')
    .option('--json', 'one JSON object a line on stdout', false);

/** The options of `tapwatt-sim foreign`. */
export interface ForeignOptions {
  readonly serial: string;
  readonly address: string;
  readonly baud: number;
}

/** Adds what `foreign` understands. */
export const addForeignOptions = (command: Command): Command =>
  command
    .requiredOption('--serial <device>', 'the serial line on which it answers')
    .option('--address <text>', 'its device address; it also answers to a sign-on without one', '')
    .option(
      '--baud <n>',
      'the baud rate that it offers: 0 is 300, then twice as much each, 6 is 19200',
      whole(0, LAST_BAUD_CHARACTER),
      5,
    );
