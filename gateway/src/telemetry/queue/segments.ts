import { type FileHandle, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodeOf, syncDirectory } from '../../data/atomic-file.ts';
import { decodeFrames } from './frame.ts';

/** A file of the queue that is written no more. Its name says how many readings are in it, so that a loss can be counted. */
export interface Segment {
  readonly number: number;
  readonly count: number;
  readonly bytes: number;
}

/** The file that is being written. */
export interface OpenSegment {
  readonly number: number;
  readonly handle: FileHandle;
  count: number;
  bytes: number;
}

const NUMBER_DIGITS = 12;
const named = (number: number): string => String(number).padStart(NUMBER_DIGITS, '0');
const openName = (number: number): string => `${named(number)}.open`;
const closedName = ({ number, count }: Pick<Segment, 'number' | 'count'>): string =>
  `${named(number)}-${count}.readings`;

export const pathOf = (directory: string, segment: Segment): string => join(directory, closedName(segment));

export async function createSegment(directory: string, number: number): Promise<OpenSegment> {
  const handle = await open(join(directory, openName(number)), 'wx', 0o600);
  return { number, handle, count: 0, bytes: 0 };
}

/** Makes it durable and gives it its last name; an empty one goes. */
export async function closeSegment(directory: string, segment: OpenSegment): Promise<Segment | undefined> {
  const { number, handle, count, bytes } = segment;
  try {
    if (count > 0) await handle.datasync();
  } finally {
    await handle.close();
  }
  const path = join(directory, openName(number));
  if (count === 0) {
    await unlink(path);
    return undefined;
  }
  await rename(path, join(directory, closedName({ number, count })));
  return { number, count, bytes };
}

export async function removeSegment(directory: string, segment: Segment): Promise<void> {
  await unlink(pathOf(directory, segment)).catch((error: unknown) => {
    if (errorCodeOf(error) !== 'ENOENT') throw error;
  });
}

export interface FoundSegments {
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** Bytes at the end of files that a kill or a power cut left half written. */
  readonly tornBytes: number;
}

/** What an earlier process left. A file that it was still writing is closed at its last whole frame. */
export async function findSegments(directory: string): Promise<FoundSegments> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const segments: Segment[] = [];
  let tornBytes = 0;
  for (const name of await readdir(directory)) {
    const [, number, count] = /^(\d+)-(\d+)\.readings$/.exec(name) ?? [];
    if (number !== undefined && count !== undefined) {
      const { size } = await stat(join(directory, name));
      segments.push({ number: Number(number), count: Number(count), bytes: size });
      continue;
    }
    const left = /^(\d+)\.open$/.exec(name)?.[1];
    if (left === undefined) continue;
    const closed = await closeLeft(directory, Number(left));
    tornBytes += closed.tornBytes;
    if (closed.segment.count > 0) segments.push(closed.segment);
  }
  await syncDirectory(directory);
  return { segments: segments.sort((a, b) => a.number - b.number), tornBytes };
}

async function closeLeft(
  directory: string,
  number: number,
): Promise<{ readonly segment: Segment; readonly tornBytes: number }> {
  const path = join(directory, openName(number));
  const bytes = await readFile(path);
  const { readings, wholeBytes } = decodeFrames(bytes);
  const segment = { number, count: readings.length, bytes: bytes.length };
  if (segment.count === 0) await unlink(path);
  else await rename(path, pathOf(directory, segment));
  return { segment, tornBytes: bytes.length - wholeBytes };
}
