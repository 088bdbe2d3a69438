import { existsSync } from 'node:fs';
import { type DocumentedCommand, documentedCommands } from './doc-commands.ts';
import { formatFinding } from './finding.ts';
import { fromFindings, runCommand, type StepResult } from './run-step.ts';
import type { SourceTree } from './source-tree.ts';

const DEADLINE_MS = 30_000;
const BINS: Readonly<Record<DocumentedCommand['program'], string>> = {
  tapwatt: 'gateway/bin/tapwatt.js',
  'tapwatt-sim': 'simulator/bin/tapwatt-sim.js',
};

/** Asks our programs for the help of every command that a document shows. */
export async function checkDocCommands(tree: SourceTree): Promise<StepResult> {
  const answers = new Map<string, string | undefined>();
  const findings = [];
  for (const command of documentedCommands(tree)) {
    const key = [command.program, ...command.words].join(' ');
    if (!answers.has(key)) answers.set(key, await faultOf(command));
    const message = answers.get(key);
    if (message !== undefined) findings.push({ file: command.file, line: command.line, message });
  }
  const result = fromFindings(findings, formatFinding);
  return result.ok ? { ...result, summary: `${answers.size} commands answer --help` } : result;
}

async function faultOf({ program, words }: DocumentedCommand): Promise<string | undefined> {
  const bin = BINS[program];
  if (!existsSync(bin)) return `${bin} does not exist`;
  const { code, output } = await runCommand([process.execPath, bin, ...words, '--help'], DEADLINE_MS);
  const isItsOwnHelp = output.includes(`Usage: ${[program, ...words].join(' ')}`);
  return code === 0 && isItsOwnHelp ? undefined : `there is no command "${[program, ...words].join(' ')}"`;
}
