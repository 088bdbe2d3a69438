import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import { createLosses } from '../losses.ts';
import type { Reading } from '../reading.ts';
import { reading } from '../testing/measured.ts';
import { type DurableQueue, openDurableQueue } from './durable-queue.ts';

const root = await mkdtemp(join(tmpdir(), 'tapwatt-queue-'));
afterAll(() => rm(root, { recursive: true, force: true }));

const losses = createLosses(createManualClock(), () => undefined);
const NOW_MS = 1_800_000_000_000;
const readings = (from: number, count: number): readonly Reading[] =>
  Array.from({ length: count }, (_, index) =>
    reading({ atMs: NOW_MS + from + index, energyWh: from + index }),
  );
const energies = (found: readonly Reading[] = []) => found.map(({ energyWh }) => energyWh ?? -1);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

async function queueIn(name: string, more: { maxBytes?: number; segmentBytes?: number } = {}) {
  const errors: string[] = [];
  const queue = await openDurableQueue({
    ...{ directory: join(root, name), maxBytes: 1 << 30, segmentBytes: 2_000, losses, ...more },
    onError: (error) => errors.push(String(error)),
  });
  return { queue, errors, files: async () => (await readdir(join(root, name))).sort() };
}

async function all(queue: DurableQueue): Promise<number[]> {
  const found: number[] = [];
  for (;;) {
    const portion = await queue.take();
    if (portion === undefined) return found.sort((one, other) => one - other);
    found.push(...energies(portion.readings));
    await portion.done();
  }
}

describe('the queue of readings', () => {
  it('gives back what was appended, whatever the sizes, and leaves no file', async () => {
    const { queue, files } = await queueIn('plain');
    for (let batch = 0; batch < 20; batch += 1) await queue.append(readings(batch * 7, 7));
    expect(queue.readings).toBe(140);
    expect(await all(queue)).toEqual(upTo(140));
    expect([queue.readings, queue.bytes, await files()]).toEqual([0, 0, []]);
  });

  it('takes the oldest and the newest in turn: no backlog makes what is new wait', async () => {
    const { queue } = await queueIn('fair');
    for (let batch = 0; batch < 10; batch += 1) await queue.append(readings(batch * 20, 20));
    const first = await queue.take();
    expect(energies(first?.readings)).toContain(0);
    await first?.done();
    await queue.append(readings(1_000, 1));
    const second = await queue.take();
    expect(energies(second?.readings)).toEqual([1_000]);
    await second?.done();
    expect(Math.min(...energies((await queue.take())?.readings))).toBeLessThan(40);
  });

  it('survives a process that ends at any moment: what was on its way is given again', async () => {
    const { queue } = await queueIn('killed');
    await queue.append(readings(0, 30));
    await queue.append(readings(30, 5));
    await queue.take();
    await queue.append(readings(35, 5));
    // Nobody closed the first one.
    const { queue: next } = await queueIn('killed');
    expect(next.readings).toBe(40);
    await next.append(readings(40, 2));
    expect(await all(next)).toEqual(upTo(42));
  });

  it('leaves out a write that was torn, at whatever byte, and nothing before it', async () => {
    const { queue, files } = await queueIn('whole', { segmentBytes: 1 << 20 });
    await queue.append(readings(0, 3));
    const [name = ''] = await files();
    const whole = await readFile(join(root, 'whole', name));
    await queue.append(readings(3, 2));
    const both = await readFile(join(root, 'whole', name));
    for (let length = whole.length; length < both.length; length += 13) {
      const torn = await queueIn(`torn-${length}`);
      await writeFile(join(root, `torn-${length}`, '000000000007.open'), both.subarray(0, length));
      const { queue: found, errors } = await queueIn(`torn-${length}`);
      expect(await all(found)).toEqual([0, 1, 2]);
      expect(errors).toHaveLength(length === whole.length ? 0 : 1);
      await torn.queue.close();
    }
  });

  it('counts what a damaged file has lost', async () => {
    const { queue, files } = await queueIn('damaged', { segmentBytes: 1 });
    await queue.append(readings(0, 4));
    await queue.append(readings(4, 4));
    const [first = '', second = ''] = await files();
    await truncate(join(root, 'damaged', first), 20);
    await rm(join(root, 'damaged', second));
    await appendFile(join(root, 'damaged', 'notes.txt'), 'not ours');
    const before = losses.figures()['lost.damaged'] ?? 0;
    expect(await all(queue)).toEqual([]);
    expect((losses.figures()['lost.damaged'] ?? 0) - before).toBe(8);
  });

  it('keeps within its room by letting the oldest go, and counts them', async () => {
    const before = losses.figures()['lost.queueFull'] ?? 0;
    const { queue } = await queueIn('full', { maxBytes: 10_000 });
    for (let batch = 0; batch < 50; batch += 1) await queue.append(readings(batch * 10, 10));
    expect(queue.bytes).toBeLessThanOrEqual(10_000);
    const left = await all(queue);
    expect(left.at(-1)).toBe(499);
    expect(left).toEqual(upTo(500).slice(500 - left.length));
    expect((losses.figures()['lost.queueFull'] ?? 0) - before).toBe(500 - left.length);
  });

  it('throws while the disk takes nothing, and goes on when it does', async () => {
    const { queue } = await queueIn('away', { segmentBytes: 1 });
    await rm(join(root, 'away'), { recursive: true });
    await expect(queue.append(readings(0, 2))).rejects.toThrow(/ENOENT/);
    expect(queue.readings).toBe(0);
    await mkdir(join(root, 'away'));
    await queue.append(readings(0, 2));
    expect(await all(queue)).toEqual([0, 1]);
  });
});
