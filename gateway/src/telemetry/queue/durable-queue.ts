import { readFile } from 'node:fs/promises';
import { errorCodeOf } from '../../data/atomic-file.ts';
import type { Losses } from '../losses.ts';
import type { Reading } from '../reading.ts';
import { decodeFrames, encodeFrame } from './frame.ts';
import {
  closeSegment,
  createSegment,
  findSegments,
  type OpenSegment,
  pathOf,
  removeSegment,
  type Segment,
} from './segments.ts';

export interface QueueOptions {
  readonly directory: string;
  /** On disk; beyond it the oldest readings go, and are counted. */
  readonly maxBytes: number;
  /** A file is closed at this size; it is also what is read into memory at a time. */
  readonly segmentBytes?: number;
  readonly losses: Losses;
  readonly onError: (error: unknown, doing: string) => void;
}

/** Readings of one file, on their way. */
export interface Portion {
  readonly readings: readonly Reading[];
  /** They have arrived: the file goes. Without it they are found again, by this process or by the next. */
  done(): Promise<void>;
}

/**
 * Readings on disk until they have arrived, in files that are only ever appended to. It survives a kill at any moment with
 * all that was appended, and a power cut with every file that was closed. What it gives may have been sent before, so
 * whoever takes it must not mind. In memory it holds the readings of one file.
 */
export interface DurableQueue {
  /** Throws the system's error when the disk takes nothing; nothing of it is queued then. */
  append(readings: readonly Reading[]): Promise<void>;
  /**
   * The oldest file and the newest in turn, so that neither a backlog nor what is new starves; `undefined` when there is
   * none. One portion is on its way at a time.
   */
  take(): Promise<Portion | undefined>;
  readonly readings: number;
  readonly bytes: number;
  close(): Promise<void>;
}

const SEGMENT_BYTES = 1_048_576;

export async function openDurableQueue(options: QueueOptions): Promise<DurableQueue> {
  const { directory, losses, onError, segmentBytes = SEGMENT_BYTES } = options;
  const found = await findSegments(directory);
  if (found.tornBytes > 0) {
    onError(new Error(`${found.tornBytes} bytes were half written`), 'read all of the queue of readings');
  }
  const closed: Segment[] = [...found.segments];
  let nextNumber = (closed.at(-1)?.number ?? 0) + 1;
  let writing: OpenSegment | undefined;
  let taken: Segment | undefined;
  let turn: 'oldest' | 'newest' = 'newest';
  let last: Promise<unknown> = Promise.resolve();

  /** Files are opened, closed and removed by one piece of work at a time. */
  function exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  async function rotate(): Promise<void> {
    if (writing === undefined) return;
    let segment: Segment | undefined;
    try {
      segment = await closeSegment(directory, writing);
    } finally {
      writing = undefined;
      if (segment !== undefined) closed.push(segment);
    }
  }

  async function write(readings: readonly Reading[]): Promise<void> {
    writing ??= await createSegment(directory, nextNumber++);
    const target = writing;
    const frame = encodeFrame(readings);
    try {
      await target.handle.appendFile(frame);
    } catch (error) {
      // Half a frame may lie at its end: what comes next goes into another file.
      await rotate().catch((second: unknown) => onError(second, 'close a file of the queue of readings'));
      throw error;
    }
    target.count += readings.length;
    target.bytes += frame.length;
    if (target.bytes >= segmentBytes) await rotate();
    await makeRoom();
  }

  async function makeRoom(): Promise<void> {
    while (sum(({ bytes }) => bytes) > options.maxBytes) {
      const oldest = closed.find((segment) => segment !== taken);
      if (oldest === undefined) return;
      losses.lose('queueFull', oldest.count);
      await remove(oldest).catch((error: unknown) =>
        onError(error, 'remove a file of the queue of readings'),
      );
    }
  }

  async function choose(): Promise<Segment | undefined> {
    turn = turn === 'oldest' ? 'newest' : 'oldest';
    if (turn === 'newest' || closed.length === 0) await rotate();
    return turn === 'newest' ? closed.at(-1) : closed[0];
  }

  async function remove(segment: Segment): Promise<void> {
    const index = closed.indexOf(segment);
    if (index >= 0) closed.splice(index, 1);
    await removeSegment(directory, segment);
  }

  async function take(): Promise<Portion | undefined> {
    const mine = await choose();
    taken = mine;
    if (mine === undefined) return undefined;
    const { readings } = decodeFrames(await bytesIn(pathOf(directory, mine)));
    losses.lose('damaged', Math.max(0, mine.count - readings.length));
    return { readings, done: () => exclusively(() => arrived(mine)) };
  }

  async function arrived(segment: Segment): Promise<void> {
    taken = undefined;
    await remove(segment);
  }

  const sum = (of: (segment: Segment | OpenSegment) => number): number =>
    closed.reduce((total, segment) => total + of(segment), writing === undefined ? 0 : of(writing));

  return {
    append: (readings) => exclusively(() => write(readings)),
    take: () => exclusively(take),
    get readings() {
      return sum(({ count }) => count);
    },
    get bytes() {
      return sum(({ bytes }) => bytes);
    },
    close: () => exclusively(rotate),
  };
}

/** A file that somebody took away is as good as empty. */
async function bytesIn(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: unknown) => {
    if (errorCodeOf(error) === 'ENOENT') return new Uint8Array();
    throw error;
  });
}
