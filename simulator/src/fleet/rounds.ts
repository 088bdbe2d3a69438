import type { Time } from '../time/time.ts';

/** What one timer does for many devices: each is visited once a period, the visits spread evenly over it. */
export interface Rounds<T> {
  readonly devices: readonly T[];
  readonly periodMs: number;
  readonly time: Time;
  /** `elapsedMs` since this device's last visit. */
  readonly visit: (device: T, elapsedMs: number) => void;
}

const SLICE_MS = 50;

/** Starts the rounds; the function it returns ends them. No device has a timer of its own. */
export const startRounds = <T>({ devices, periodMs, time, visit }: Rounds<T>): (() => void) => {
  if (devices.length === 0) return () => {};
  const last = devices.map(() => time.now());
  const slices = Math.max(1, Math.round(periodMs / SLICE_MS));
  let slice = 0;
  let cancel = (): void => {};
  const visitOne = (device: T, index: number): void => {
    const now = time.now();
    const elapsedMs = now - (last[index] ?? now);
    last[index] = now;
    visit(device, elapsedMs);
  };
  const round = (): void => {
    for (let index = slice; index < devices.length; index += slices) {
      const device = devices[index];
      if (device !== undefined) visitOne(device, index);
    }
    slice = (slice + 1) % slices;
    cancel = time.after(periodMs / slices, round);
  };
  cancel = time.after(periodMs / slices, round);
  return () => cancel();
};
