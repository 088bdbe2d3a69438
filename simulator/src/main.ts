import { ERRORS, TapwattError } from '@tapwatt/firmware-contracts';
import { Command, CommanderError } from 'commander';
import { exitCodeOf } from './cli/exit-code.ts';
import { addForeignOptions, addRunOptions, type ForeignOptions, type RunOptions } from './cli/options.ts';
import type { Output } from './cli/output.ts';
import { run } from './cli/run.ts';
import { runForeign } from './cli/run-foreign.ts';

const EXIT_INTERRUPTED = 130;
const SAME_CTRL_C_MS = 1_000;

const output = (json: boolean): Output => ({
  json,
  data: (line) => process.stdout.write(`${line}\n`),
  narrate: (line) => process.stderr.write(`${line}\n`),
  nowMs: () => Date.now(),
});

const stopSignal = (): AbortSignal => {
  const stop = new AbortController();
  let askedAt = 0;
  const onSignal = (): void => {
    // One Ctrl-C arrives more than once where a terminal, npm and a launcher all pass it on.
    if (stop.signal.aborted && Date.now() - askedAt > SAME_CTRL_C_MS) process.exit(EXIT_INTERRUPTED);
    if (!stop.signal.aborted) askedAt = Date.now();
    stop.abort();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  process.once('disconnect', onSignal); // whoever started it with a channel is gone
  process.channel?.unref();
  process.stdout.on('error', () => stop.abort()); // the reader of a pipe has gone
  return stop.signal;
};

const program = new Command('tapwatt-sim')
  .description('Simulated prepayment meters and agents’ handsets on a Tapwatt gateway')
  .exitOverride();

addRunOptions(
  program.command('run').description('connect the meters and handsets of a fleet file and let them live'),
)
  .exitOverride()
  .action((options: RunOptions) => run(options, output(options.json), stopSignal()));

addForeignOptions(
  program.command('foreign').description('a meter of another maker on a serial line (IEC 62056-21 mode C)'),
)
  .exitOverride()
  .action((options: ForeignOptions) => runForeign(options, output(false), stopSignal()));

/** The registry's remedies for these speak of the gateway's configuration; the message here says what to do. */
const isSelfExplaining = ({ code }: TapwattError): boolean =>
  code === 'CONFIG_INVALID' || code === 'DATA_LOCKED';

const complain = (error: unknown): void => {
  if (error instanceof CommanderError) return; // commander has said it
  if (!(error instanceof TapwattError)) return void console.error(error);
  process.stderr.write(`${error.code}: ${error.message}\n`);
  if (!isSelfExplaining(error)) process.stderr.write(`${ERRORS[error.code].remedy}\n`);
};

try {
  await program.parseAsync();
} catch (error) {
  complain(error);
  process.exit(exitCodeOf(error)); // devices that were started already would go on
}
