import type { Command } from 'commander';
import type { CliEdges } from './edges.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type CommonOptions, createSession, type Session } from './session.ts';

/** A command ends with its exit code; anything else is 0. */
type Outcome = Promise<unknown>;

export interface ProgramRun {
  readonly program: Command;
  /** Of the command that ran. */
  exitCode: ExitCode;
  /** Whether the command that ran was asked for JSON, so that its error is JSON too. */
  json: boolean;
}

export interface Builder {
  readonly edges: CliEdges;
  readonly run: ProgramRun;
}

/** A command with the options of all; `work` gets its arguments and options. */
export function command<O extends CommonOptions>(
  { edges, run }: Builder,
  parent: Command,
  shape: { readonly name: string; readonly about: string; readonly options?: (command: Command) => Command },
  work: (session: Session, options: O, args: readonly string[]) => Outcome,
): void {
  const made = parent.command(shape.name).description(shape.about).option('--json', 'data as JSON');
  (shape.options?.(made) ?? made).action(async (...given: unknown[]) => {
    const options = made.opts<O>();
    run.json = options.json === true;
    const args = given.filter((argument): argument is string => typeof argument === 'string');
    const outcome = await work(createSession(edges, options), options, args);
    run.exitCode = isExitCode(outcome) ? outcome : EXIT.ok;
  });
}

export const local = (made: Command): Command =>
  made
    .option('--config <file>', 'configuration file (default: tapwatt.yaml, if there is one)')
    .option('--data <directory>', 'data directory');

export const remote = (made: Command): Command =>
  local(made)
    .option('--url <address>', 'gateway’s HTTP address instead of its Unix socket (TAPWATT_URL)')
    .option('--token-file <file>', 'administration token for --url (TAPWATT_TOKEN_FILE)');

/** `as` signs unless another party is named. */
export const ordered =
  (as: string) =>
  (made: Command): Command =>
    remote(made)
      .option('--as <party>', 'party that signs: discom, bank, agency', as)
      .option('--key-file <file>', 'its private key (default: <party>.key of the data directory)')
      .option('--request-id <id>', 'repeat an earlier request instead of making a new one');

export const paged = (made: Command): Command =>
  remote(made).option('--limit <n>', 'rows', '50').option('--after <cursor>', 'go on behind');

export function group(build: Builder, name: string, about: string): Command {
  return build.run.program.command(name).description(about);
}

function isExitCode(value: unknown): value is ExitCode {
  return Object.values(EXIT).some((code) => code === value);
}
