import module from 'node:module';
import { ERRORS, TapwattError } from '@tapwatt/firmware-contracts';
import { Command, CommanderError } from 'commander';
import { pino } from 'pino';
import { addRunOptions, type RunOptions } from './cli/options.ts';
import { run } from './cli/run.ts';
import { systemTime } from './system-time.ts';

const EXIT = { ok: 0, failed: 1, usage: 2, configuration: 3 } as const;
const CONFIGURATION = new Set(['CONFIG_INVALID', 'KEY_FILE', 'DEVELOPMENT_KEYS']);
const STDERR = 2;

/** Resolves at SIGINT or SIGTERM, and when whoever started it with a channel is gone. */
const stopSignal = (): Promise<void> =>
  new Promise((resolve) => {
    process.on('SIGINT', () => resolve());
    process.on('SIGTERM', () => resolve());
    process.once('disconnect', resolve);
    process.channel?.unref();
  });

const readyLine = ({ host, tlsCert, json }: RunOptions, mqttPort: number): string => {
  const scheme = tlsCert === undefined ? 'mqtt' : 'mqtts';
  if (json) return JSON.stringify({ status: 'ready', mqttPort, scheme, pid: process.pid });
  return `Ready. Meters, handsets and gateways connect to ${scheme}://${host}:${mqttPort}.`;
};

const logAt = (level: RunOptions['logLevel']) => {
  const destination = pino.destination({ dest: STDERR, sync: true, maxLength: 1 << 20 });
  destination.on('error', () => undefined); // a full disk below the log stops the log and never the broker
  const formatters = { level: (label: string) => ({ level: label }) };
  const timestamp = pino.stdTimeFunctions.isoTime;
  return pino({ level, base: null, timestamp, messageKey: 'message', formatters }, destination);
};

const exitCodeOf = (error: unknown): number => {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  return error instanceof TapwattError && CONFIGURATION.has(error.code) ? EXIT.configuration : EXIT.failed;
};

const complain = (error: unknown): void => {
  if (error instanceof CommanderError) return; // commander has said it
  if (!(error instanceof TapwattError)) return void console.error(error);
  const remedy = error.code === 'CONFIG_INVALID' ? '' : `${ERRORS[error.code].remedy}\n`;
  process.stderr.write(`${error.code}: ${error.message}\n${remedy}`);
};

const program = new Command('tapwatt-broker')
  .description('The MQTT broker of a site in a process of its own')
  .exitOverride();

addRunOptions(program.command('run').description('serve meters, handsets and gateways until it is stopped'))
  .exitOverride()
  .action((options: RunOptions) =>
    run(options, {
      time: systemTime,
      log: logAt(options.logLevel),
      ready(port) {
        process.stdout.write(`${readyLine(options, port)}\n`);
        module.flushCompileCache(); // a process that is killed leaves none, and the next start is the slower one
      },
      stopped: stopSignal(),
    }),
  );

try {
  await program.parseAsync();
} catch (error) {
  complain(error);
  process.exit(exitCodeOf(error));
}
