import { TapwattError } from '@tapwatt/firmware-contracts';
import { CommanderError } from 'commander';
import { VERSION } from '../version.ts';
import type { CliEdges } from './edges.ts';
import { EXIT, EXIT_CODE_OF, type ExitCode } from './exit-code.ts';
import { createOutput } from './output.ts';
import { asksForJson, createProgram } from './program.ts';

/** Runs one command line to its end and gives its exit code. Never throws. */
export async function runCli(edges: CliEdges): Promise<ExitCode> {
  const run = createProgram(edges, VERSION);
  try {
    await run.program.parseAsync([...edges.argv], { from: 'user' });
    return run.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.ok;
      if (asksForJson(edges)) createOutput(edges, true).error(usageError(error));
      return EXIT.usage;
    }
    createOutput(edges, run.json).error(error);
    return error instanceof TapwattError ? EXIT_CODE_OF[error.code] : EXIT.failed;
  }
}

function usageError({ code, message }: CommanderError): TapwattError {
  const words = code === 'commander.help' ? 'A command is missing.' : message.replace(/^error: /, '');
  return new TapwattError('BAD_REQUEST', words);
}
