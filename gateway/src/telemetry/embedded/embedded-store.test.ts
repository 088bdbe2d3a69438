import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { createManualClock } from '../../edges/manual-clock.ts';
import { systemClock } from '../../edges/system.ts';
import { DAY_MS, HOUR_MS } from '../store.ts';
import { reading } from '../testing/measured.ts';
import { storeContract } from '../testing/store-contract.ts';
import { openEmbeddedStore } from './embedded-store.ts';

const root = await mkdtemp(join(tmpdir(), 'tapwatt-readings-'));
afterAll(() => rm(root, { recursive: true, force: true }));

const LIMITS = { rawDays: 14, hourlyDays: 100, dailyDays: 3_650, maxBytes: 1 << 30 };
const onError = (error: unknown): void => void errors.push(error);
const errors: unknown[] = [];

storeContract('embedded', async () => ({
  store: openEmbeddedStore(join(root, 'contract'), LIMITS, { clock: systemClock, onError }),
  arrived: async () => undefined,
}));

const SUM = { readings: 1, firstWh: 5, lastWh: 5 };

describe('the embedded store', () => {
  it('forgets readings, hours and days when their time is over', async () => {
    const clock = createManualClock();
    const nowMs = clock.nowMs();
    const store = openEmbeddedStore(join(root, 'old'), LIMITS, { clock, onError });
    const ages = [4_000, 101, 15, 13];
    await store.append(ages.map((days) => reading({ atMs: nowMs - days * DAY_MS, energyWh: 5 })));
    await clock.advance(60_001);
    await store.close();
    const again = openEmbeddedStore(join(root, 'old'), LIMITS, { clock, onError });
    const all = { meterId: '7', fromMs: nowMs - 5_000 * DAY_MS, toMs: nowMs };
    expect(await again.raw({ ...all, fromMs: nowMs - 200 * DAY_MS }, 10)).toHaveLength(1);
    expect(await again.sums({ ...all, fromMs: nowMs - 200 * DAY_MS }, 'hour')).toHaveLength(2);
    expect(await again.sums(all, 'day')).toHaveLength(3);
    await again.close();
  });

  it('stays within its room: the oldest readings go first, the sums stay', async () => {
    const clock = createManualClock();
    const nowMs = clock.nowMs();
    const limits = { ...LIMITS, maxBytes: 100_000 };
    const store = openEmbeddedStore(join(root, 'full'), limits, { clock, onError });
    for (let hour = 20; hour > 0; hour -= 1) {
      const batch = Array.from({ length: 500 }, (_, index) =>
        reading({
          ...{ atMs: nowMs - hour * HOUR_MS + index, meterId: String(index % 10), energyWh: index * 7_919 },
          ...{ currentMa: (index * 104_729) % 99_991, receivedAtMs: nowMs + index * 31 },
        }),
      );
      await store.append(batch);
    }
    // What lies in LevelDB's memory has no size yet.
    await store.close();
    const again = openEmbeddedStore(join(root, 'full'), limits, { clock, onError });
    await again.raw({ meterId: '3', fromMs: nowMs - DAY_MS, toMs: nowMs }, 1);
    await clock.advance(60_001);
    await vi.waitFor(() => expect(again.figures().diskBytes).toBeGreaterThan(0), { timeout: 15_000 });
    expect(again.figures().diskBytes).toBeLessThanOrEqual(100_000);
    await again.close();
    const last = openEmbeddedStore(join(root, 'full'), limits, { clock, onError });
    const window = { meterId: '3', fromMs: nowMs - 50 * HOUR_MS, toMs: nowMs };
    const left = await last.raw(window, 10_000);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(1_000);
    expect(left.at(-1)?.atUs).toBeGreaterThan((nowMs - 2 * HOUR_MS) * 1_000);
    expect(await last.sums(window, 'hour')).toHaveLength(20);
    await last.close();
  });

  it('says that it is locked, and opens by itself when it is not any more', async () => {
    const clock = createManualClock();
    const directory = join(root, 'locked');
    const other = new ClassicLevel(directory);
    await other.open();
    const store = openEmbeddedStore(directory, LIMITS, { clock, onError });
    const one = reading({ atMs: clock.nowMs(), energyWh: 5 });
    await expect(store.append([one])).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' });
    expect(store.view()).toMatchObject({
      state: 'failing',
      message: expect.stringContaining('Another process'),
    });
    await other.close();
    // Not at once at every reading.
    await expect(store.append([one])).rejects.toMatchObject({ code: 'TELEMETRY_UNAVAILABLE' });
    await clock.advance(5_000);
    await store.append([one]);
    expect(store.view()).toEqual({ state: 'ok' });
    const window = { meterId: '7', fromMs: clock.nowMs() - DAY_MS, toMs: clock.nowMs() };
    expect(await store.sums(window, 'hour')).toMatchObject([SUM]);
    await store.close();
  });

  it('names the remedy where its files are damaged', async () => {
    const directory = join(root, 'damaged');
    await mkdir(directory);
    await writeFile(join(directory, 'CURRENT'), 'MANIFEST-999999\n');
    const store = openEmbeddedStore(directory, LIMITS, { clock: systemClock, onError });
    await expect(store.raw({ meterId: '7', fromMs: 0, toMs: 1 }, 1)).rejects.toThrow(/move it away/);
    await store.close();
  });
});
