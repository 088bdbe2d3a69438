import { styleText } from 'node:util';
import { TapwattError } from '@tapwatt/firmware-contracts';
import type { CliEdges } from './edges.ts';

/** Data goes to stdout, one JSON document with `--json`; narration and errors go to stderr. */
export interface Output {
  /** The result of a command: `value` with `--json`, else the text for people. */
  data(value: unknown, text: string): void;
  /** What is happening, for people only. */
  note(text: string): void;
  /** Rewrites one line on a terminal; on anything else it writes the last state only. */
  progress(text: string, last?: boolean): void;
  error(error: unknown): void;
}

export function createOutput(edges: CliEdges, json: boolean): Output {
  const terminal = isTerminal(edges.stderr) && !json;
  const colour = terminal && (edges.env.NO_COLOR ?? '') === '';
  const dim = (text: string): string => (colour ? styleText('dim', text, { validateStream: false }) : text);
  const red = (text: string): string => (colour ? styleText('red', text, { validateStream: false }) : text);
  return {
    data(value, text) {
      const shown = json ? JSON.stringify(value, bigintAsText) : text;
      if (shown !== '') edges.stdout.write(`${shown}\n`);
    },
    note(text) {
      edges.stderr.write(`${dim(text)}\n`);
    },
    progress(text, last = false) {
      if (terminal) edges.stderr.write(`\r\u001b[K${dim(text)}${last ? '\n' : ''}`);
      else if (last) edges.stderr.write(`${text}\n`);
    },
    error(error) {
      const { code, message, remedy } = describeError(error);
      if (json) edges.stderr.write(`${JSON.stringify({ code, message, remedy })}\n`);
      else edges.stderr.write(`${red(code)}: ${message}\n${remedy === '' ? '' : `${dim(remedy)}\n`}`);
    },
  };
}

interface DescribedError {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

function describeError(error: unknown): DescribedError {
  if (error instanceof TapwattError) {
    return { code: error.code, message: error.message, remedy: error.remedy };
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: 'INTERNAL', message, remedy: '' };
}

function isTerminal(stream: object): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
