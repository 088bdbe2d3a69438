import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  bytesToHex,
  decodeFrame,
  FRAME_LENGTH,
  type FrameJson,
  type FrameType,
  frameTypeOf,
  hexToBytes,
  isAuthenticFrame,
  isFrameType,
  sealFrame,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import { withoutComments } from '../keys/key-file.ts';
import { parseSecret } from '../keys/key-material.ts';
import type { CliEdges } from './edges.ts';
import { EXIT, type ExitCode } from './exit-code.ts';

export interface DecodeOptions {
  readonly type?: 'ack' | 'time';
  readonly masterFile?: string;
}

/** `frame decode`: one JSON line for each frame; 5 if any was refused (WIRE.md "Test vectors"). */
export async function decodeFrames(
  edges: CliEdges,
  input: string,
  options: DecodeOptions,
): Promise<ExitCode> {
  const master = options.masterFile === undefined ? undefined : await readMaster(options.masterFile);
  return eachLine(edges, input === '-' ? edges.stdin : input, (line) =>
    decodeLine(line, options.type, master),
  );
}

/** `frame seal`: one frame in hex for each `{"type", "fields"}` on stdin; 5 if any was refused. */
export async function sealFrames(edges: CliEdges, masterFile: string): Promise<ExitCode> {
  const master = await readMaster(masterFile);
  return eachLine(edges, edges.stdin, (line) => sealLine(line, master));
}

interface Answer {
  readonly text: string;
  readonly refused: boolean;
}

const REFUSED: Answer = { text: JSON.stringify({ refuse: 'BAD_FORMAT' }), refused: true };

function decodeLine(line: string, hint: DecodeOptions['type'], master: Uint8Array | undefined): Answer {
  if (!/^([0-9a-fA-F]{2})*$/.test(line)) return REFUSED;
  const frame = hexToBytes(line);
  const type = frameTypeOf(frame) ?? typeOfShared(frame, hint);
  const decoded = type === undefined ? undefined : decodeFrame(type, frame);
  if (type === undefined || decoded?.ok !== true) return REFUSED;
  const answer = { type, fields: decoded.fields };
  if (master === undefined) return { text: JSON.stringify(answer), refused: false };
  const mac = isAuthenticFrame(type, frame, master) ? 'ok' : 'bad';
  return { text: JSON.stringify({ ...answer, mac }), refused: false };
}

/** Acknowledgements and time orders share one length, so somebody must say which it is. Throws BAD_REQUEST. */
function typeOfShared(frame: Uint8Array, hint: DecodeOptions['type']): FrameType | undefined {
  if (frame.length !== FRAME_LENGTH.acknowledgement || hint !== undefined) return hint;
  throw new TapwattError('BAD_REQUEST', 'A frame of 28 bytes needs --type ack or --type time.');
}

function sealLine(line: string, master: Uint8Array): Answer {
  try {
    const { type, fields } = readSealRequest(line);
    return { text: bytesToHex(sealFrame(type, fields, master)), refused: false };
  } catch (error) {
    if (error instanceof TapwattError) return REFUSED;
    throw error;
  }
}

function readSealRequest(line: string): { type: FrameType; fields: FrameJson } {
  const json = parseJson(line);
  const { type, fields, ...more } = json;
  const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
  if (typeof type !== 'string' || !isFrameType(type) || !isObject || Object.keys(more).length > 0) {
    throw new TapwattError('BAD_FORMAT', 'The line must be {"type", "fields"}.');
  }
  return { type, fields: fields as FrameJson };
}

function parseJson(line: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(line);
    if (typeof json === 'object' && json !== null) return json as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw new TapwattError('BAD_FORMAT', 'The line is no JSON.', { cause });
  }
  throw new TapwattError('BAD_FORMAT', 'The line is no JSON object.');
}

/** The master key of a file of 64 hex digits. */
async function readMaster(masterFile: string): Promise<Uint8Array> {
  const text = await readFile(masterFile, 'utf8').catch((cause: unknown) => {
    throw new TapwattError('KEY_FILE', `${masterFile} cannot be read.`, { cause });
  });
  return parseSecret(withoutComments(text), masterFile);
}

async function eachLine(
  edges: CliEdges,
  source: CliEdges['stdin'] | string,
  answer: (line: string) => Answer,
): Promise<ExitCode> {
  const lines =
    typeof source === 'string'
      ? [source]
      : createInterface({ input: source, crlfDelay: Number.POSITIVE_INFINITY });
  let refused = false;
  for await (const line of lines) {
    const { text, refused: no } = answer(line.trim());
    refused ||= no;
    if (!edges.stdout.write(`${text}\n`)) await drained(edges.stdout);
  }
  return refused ? EXIT.refused : EXIT.ok;
}

function drained(stream: NodeJS.EventEmitter): Promise<void> {
  return new Promise((resolve) => stream.once('drain', () => resolve()));
}
