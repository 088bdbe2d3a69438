import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import {
  bytesToHex,
  type EpochKeys,
  epochKeys,
  hexToBytes,
  meterId,
  meterRootKey,
  TapwattError,
} from '@tapwatt/firmware-contracts';
import { withoutComments } from '../keys/key-file.ts';
import { parseSecret } from '../keys/key-material.ts';
import type { CliEdges } from './edges.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import {
  decodeToJson,
  encodeFromJson,
  FRAME_TYPES,
  type FrameType,
  frameTypeOf,
  type KeysOf,
} from './frame-json.ts';

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
  const keysOf = options.masterFile === undefined ? undefined : await keySource(options.masterFile);
  return eachLine(edges, input === '-' ? edges.stdin : input, (line) =>
    decodeLine(line, options.type, keysOf),
  );
}

/** `frame seal`: one frame in hex for each `{"type", "fields"}` on stdin; 5 if any was refused. */
export async function sealFrames(edges: CliEdges, masterFile: string): Promise<ExitCode> {
  const keysOf = await keySource(masterFile);
  return eachLine(edges, edges.stdin, (line) => sealLine(line, keysOf));
}

interface Answer {
  readonly text: string;
  readonly refused: boolean;
}

const REFUSED: Answer = { text: JSON.stringify({ refuse: 'BAD_FORMAT' }), refused: true };

function decodeLine(line: string, hint: DecodeOptions['type'], keysOf: KeySource | undefined): Answer {
  if (!/^([0-9a-fA-F]{2})*$/.test(line)) return REFUSED;
  const frame = hexToBytes(line);
  const type = frameTypeOf(frame.length, hint);
  if (type === 'ambiguous')
    throw new TapwattError('BAD_REQUEST', 'A frame of 28 bytes needs --type ack or --type time.');
  const decoded = type === undefined ? undefined : decodeToJson(type, frame);
  if (type === undefined || decoded?.ok !== true) return REFUSED;
  const answer = { type, fields: decoded.fields };
  if (keysOf === undefined) return { text: JSON.stringify(answer), refused: false };
  const numbers = numbersOf(decoded.fields);
  const authentic = numbers.meterId > 0n && decoded.isAuthentic(keysOf(numbers));
  return { text: JSON.stringify({ ...answer, mac: authentic ? 'ok' : 'bad' }), refused: false };
}

/** A frame may carry the meter number 0, which no meter has and no key belongs to. */
function numbersOf(fields: Readonly<Record<string, string | number>>): KeysOf {
  return { meterId: BigInt(fields.meterId ?? 0), keyEpoch: Number(fields.keyEpoch ?? 0) };
}

function sealLine(line: string, keysOf: KeySource): Answer {
  try {
    const { type, fields } = readSealRequest(line);
    return { text: bytesToHex(encodeFromJson(type, fields, keysOf)), refused: false };
  } catch (error) {
    if (error instanceof TapwattError) return REFUSED;
    throw error;
  }
}

function readSealRequest(line: string): { type: FrameType; fields: unknown } {
  const json = parseJson(line);
  const type = FRAME_TYPES.find((name) => name === Reflect.get(json, 'type'));
  const members = Object.keys(json).every((name) => name === 'type' || name === 'fields');
  if (type === undefined || !members) throw new TapwattError('BAD_FORMAT', 'type: unknown.');
  return { type, fields: Reflect.get(json, 'fields') };
}

function parseJson(line: string): object {
  try {
    const json: unknown = JSON.parse(line);
    if (typeof json === 'object' && json !== null) return json;
  } catch (cause) {
    throw new TapwattError('BAD_FORMAT', 'The line is no JSON.', { cause });
  }
  throw new TapwattError('BAD_FORMAT', 'The line is no JSON object.');
}

type KeySource = (of: KeysOf) => EpochKeys;

/** The keys of any meter, from the master key in a file of 64 hex digits. */
async function keySource(masterFile: string): Promise<KeySource> {
  const text = await readFile(masterFile, 'utf8').catch((cause: unknown) => {
    throw new TapwattError('KEY_FILE', `${masterFile} cannot be read.`, { cause });
  });
  const master = parseSecret(withoutComments(text), masterFile);
  return (of) => epochKeys(meterRootKey(master, meterId(of.meterId)), of.keyEpoch);
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
