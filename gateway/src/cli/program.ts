import { Command } from 'commander';
import { meterCommands, partyCommands, voucherCommands, walletCommands } from './business-commands.ts';
import { backupCommands } from './copy-commands.ts';
import type { Builder, ProgramRun } from './define-command.ts';
import type { CliEdges } from './edges.ts';
import { EXIT } from './exit-code.ts';
import {
  configCommands,
  devCommands,
  doctorCommand,
  frameCommands,
  issuerCommand,
  keyCommands,
  ledgerCommands,
  runCommand,
  statusCommand,
  traceCommand,
} from './tool-commands.ts';

/** Also of a command line that cannot be read, whose error is JSON then. */
export const asksForJson = ({ argv }: CliEdges): boolean => argv.includes('--json');

/** The command line's grammar. Every command loads its code when it runs, so that small ones start fast. */
export function createProgram(edges: CliEdges, version: string): ProgramRun {
  const program = new Command('tapwatt')
    .description('Edge gateway for prepaid electricity meters')
    .version(version)
    .showHelpAfterError('(tapwatt --help shows the commands)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => edges.stdout.write(text),
      writeErr: (text) => void (asksForJson(edges) || edges.stderr.write(text)),
    });
  const run: ProgramRun = { program, exitCode: EXIT.ok, json: false };
  const build: Builder = { edges, run };
  runCommand(build);
  issuerCommand(build);
  statusCommand(build);
  doctorCommand(build);
  traceCommand(build);
  frameCommands(build);
  ledgerCommands(build);
  configCommands(build);
  partyCommands(build);
  walletCommands(build);
  meterCommands(build);
  voucherCommands(build);
  keyCommands(build);
  backupCommands(build);
  devCommands(build);
  return run;
}
