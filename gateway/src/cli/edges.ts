import type { Readable, Writable } from 'node:stream';
import type { RandomBytes } from '../keys/key-material.ts';

/** The outside of a command line process, passed in so that a test can be it. */
export interface CliEdges {
  /** Arguments without the program. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  nowMs(): number;
  readonly random: RandomBytes;
}
