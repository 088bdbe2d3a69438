import { setTimeout as pause } from 'node:timers/promises';

/** Longer than any test takes. */
export const NEVER_MS = 86_400_000;

/** Others may use the machine too: it is for the day that something never comes. */
const DEADLINE_MS = 30_000;
const LOOK_EVERY_MS = 10;

/** The first answer of `look` that is not `undefined`; rejects, naming what it waited for, when the deadline passes. */
export async function until<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  deadlineMs = DEADLINE_MS,
): Promise<T> {
  const endMs = Date.now() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > endMs) throw new Error(`Waited ${deadlineMs} ms in vain for ${what}.`);
    await pause(LOOK_EVERY_MS);
  }
}
