import { describe, expect, it } from 'vitest';
import { createManualClock } from '../edges/manual-clock.ts';
import { createLosses } from './losses.ts';
import type { Reading } from './reading.ts';
import { createRecorder } from './recorder.ts';
import { measured } from './testing/measured.ts';

function recorderOver(append: (readings: readonly Reading[]) => Promise<void>) {
  const clock = createManualClock();
  const said: Readonly<Record<string, number>>[] = [];
  const errors: string[] = [];
  const losses = createLosses(clock, (lost) => said.push(lost));
  const recorder = createRecorder({
    ...{ store: { append }, clock, losses },
    limits: { maxAheadMs: 300_000, maxAgeMs: 86_400_000 },
    onError: (_, doing) => errors.push(doing),
  });
  const tell = (count: number, meters = count) => {
    for (let index = 0; index < count; index += 1) {
      recorder.record(measured({ atMs: clock.nowMs(), meterId: String(index % meters), energyWh: index }));
    }
  };
  return { recorder, clock, losses, said, errors, tell };
}

describe('the recorder', () => {
  it('hands readings over in batches, and keeps nobody waiting for it', async () => {
    const batches: number[] = [];
    const { recorder, clock, tell } = recorderOver(async (readings) => void batches.push(readings.length));
    tell(2_500);
    expect(batches).toEqual([]);
    await clock.advance(1_000);
    expect(batches).toEqual([1_000, 1_000, 500]);
    expect(recorder.figures()).toEqual({ recorded: 2_500, waiting: 0 });
  });

  it('tries again what a store did not take, in the same order, and loses only what there is no room for', async () => {
    const kept: (number | undefined)[] = [];
    let isAway = true;
    const { recorder, clock, losses, errors, tell } = recorderOver(async (readings) => {
      if (isAway) throw new Error('no disk');
      kept.push(...readings.map(({ energyWh }) => energyWh));
    });
    tell(20_100);
    await clock.advance(5_000);
    expect(recorder.figures()).toEqual({ recorded: 0, waiting: 20_000 });
    expect(losses.figures()).toEqual({ 'lost.noMemory': 100 });
    expect(errors).toEqual(['keep readings']);
    isAway = false;
    await clock.advance(60_000);
    expect(kept).toEqual(Array.from({ length: 20_000 }, (_, index) => index));
  });

  it('holds nobody up for a store that never answers, and no more than there is room for', () => {
    const { recorder, losses, tell } = recorderOver(() => new Promise(() => undefined));
    tell(20_100);
    expect(recorder.figures().waiting).toBe(20_000);
    expect(losses.figures()).toEqual({ 'lost.noMemory': 100 });
  });

  it('takes from one meter no more than a meter measures, so that a flood takes no other’s place', async () => {
    const { clock, losses, recorder, tell } = recorderOver(async () => undefined);
    tell(6_000, 1);
    expect(losses.figures()).toEqual({ 'lost.tooMany': 1_000 });
    await clock.advance(60_000);
    tell(100, 1);
    expect(losses.figures()).toEqual({ 'lost.tooMany': 1_000 });
    expect(recorder.figures().waiting).toBe(100);
  });

  it('counts what is malformed or too old, and says so once a minute', async () => {
    const { recorder, clock, losses, said } = recorderOver(async () => undefined);
    recorder.malformed('7');
    recorder.record(measured({ atMs: clock.nowMs(), meterTimeS: 5 }));
    recorder.malformed('7');
    expect(losses.figures()).toEqual({ 'lost.malformed': 2, 'lost.tooOld': 1 });
    expect(said).toEqual([{ malformed: 1 }]);
    await clock.advance(60_000);
    expect(said).toEqual([{ malformed: 1 }, { malformed: 1, tooOld: 1 }]);
    await clock.advance(120_000);
    recorder.malformed('7');
    expect(said).toHaveLength(3);
  });

  it('hands over what waits before it closes, and does not hang on a store that is away', async () => {
    const kept: Reading[] = [];
    const good = recorderOver(async (readings) => void kept.push(...readings));
    good.tell(1_500);
    await good.recorder.close();
    expect(kept).toHaveLength(1_500);
    const bad = recorderOver(async () => Promise.reject(new Error('no disk')));
    bad.tell(3);
    await bad.recorder.close();
    expect(bad.losses.figures()).toEqual({ 'lost.noMemory': 3 });
  });
});
