import { spawn } from 'node:child_process';
import type { Finding } from './finding.ts';

/** What one check found: `summary` is one line, `details` what there is to put right. */
export interface StepResult {
  readonly ok: boolean;
  readonly summary: string;
  readonly details: readonly string[];
}

const MAX_DETAILS = 60;

/** A result from findings: clean when there are none. */
export function fromFindings(findings: readonly Finding[], format: (finding: Finding) => string): StepResult {
  const details = findings.slice(0, MAX_DETAILS).map(format);
  const more = findings.length - details.length;
  return {
    ok: findings.length === 0,
    summary: findings.length === 0 ? 'clean' : `${findings.length} to put right`,
    details: more > 0 ? [...details, `… and ${more} more`] : details,
  };
}

/** Runs a command to its end; its output is the details when it fails. */
export async function fromCommand(command: readonly string[], deadlineMs: number): Promise<StepResult> {
  const { code, output } = await runCommand(command, deadlineMs);
  const lines = output.trimEnd().split('\n');
  return { ok: code === 0, summary: code === 0 ? 'clean' : `exit ${code}`, details: code === 0 ? [] : lines };
}

/** The exit code of a command and all it printed; 124 when it did not end by the deadline. */
export function runCommand(
  command: readonly string[],
  deadlineMs: number,
): Promise<{ code: number; output: string }> {
  const [file = '', ...args] = command;
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const chunks: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, deadlineMs);
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const done = (code: number) => {
      clearTimeout(timer);
      const note = late ? `\nnot done after ${deadlineMs} ms: killed` : '';
      resolve({ code: late ? 124 : code, output: Buffer.concat(chunks).toString() + note });
    };
    child.once('error', () => done(127));
    child.once('close', (code) => done(code ?? 1));
  });
}
