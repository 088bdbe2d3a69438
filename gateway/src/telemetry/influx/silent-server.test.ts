import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../edges/system.ts';
import { createLosses } from '../losses.ts';
import { reading } from '../testing/measured.ts';
import { openInfluxStore } from './influx-store.ts';

/** A server that takes connections and says nothing, or half of something. */
const sockets = new Set<Socket>();
let word = '';
const server = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
  socket.on('data', () => {
    if (word === '') return;
    socket.write(word);
    socket.destroy();
  });
});
let url: string;
let directory: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  directory = await mkdtemp(join(tmpdir(), 'tapwatt-silent-'));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

const open = (clock = systemClock, queue = 'queue') =>
  openInfluxStore(
    {
      target: { url, database: 'tapwatt', username: 'u', password: 'p' },
      keep: { rawDays: 14, hourlyDays: 100, dailyDays: 3_650 },
      queueDirectory: join(directory, queue),
      maxQueueBytes: 1 << 30,
      pace: { everyMs: 1, firstRetryMs: 1, longestRetryMs: 1 },
    },
    { clock, losses: createLosses(clock, () => undefined), onError: () => undefined },
  );

describe('a database that does not answer', () => {
  it('keeps neither what is appended nor the end of the process waiting, and loses nothing', async () => {
    word = '';
    const store = await open();
    await store.append([reading({ atMs: Date.now(), energyWh: 1 })]);
    await vi.waitFor(() => expect(sockets.size).toBeGreaterThan(0), 10_000);
    await store.append([reading({ atMs: Date.now(), energyWh: 2 })]);
    const sinceMs = performance.now();
    await store.close();
    expect(performance.now() - sinceMs).toBeLessThan(5_000);
    const next = await open();
    expect(next.figures().queued).toBe(2);
    await next.close();
  });

  it('is said to be away before there is anything to write', async () => {
    word = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n';
    const store = await open(systemClock, 'idle');
    await vi.waitFor(() => expect(store.view()).toMatchObject({ state: 'failing' }), 10_000);
    await store.close();
  });

  it('or breaks off within its answer is given up after a time, and said to be away', async () => {
    word = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"results":[';
    // Time enough passes at once.
    const hasty = {
      ...systemClock,
      after: (ms: number, run: () => void) => systemClock.after(Math.min(ms, 300), run),
    };
    const store = await open(hasty);
    await store.append([reading({ atMs: Date.now(), energyWh: 3 })]);
    await vi.waitFor(() => expect(store.view()).toMatchObject({ state: 'failing' }), 10_000);
    await expect(store.raw({ meterId: '7', fromMs: 0, toMs: 1 }, 1)).rejects.toMatchObject({
      code: 'TELEMETRY_UNAVAILABLE',
    });
    expect(store.figures().queued).toBe(3);
    await store.close();
  });
});
