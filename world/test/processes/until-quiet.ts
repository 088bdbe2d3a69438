import { setTimeout as pause } from 'node:timers/promises';
import type { TownOfProcesses } from './town-of-processes.ts';

const DEADLINE_MS = 120_000;
const LOOK_EVERY_MS = 50;

/** Every request has its final answer and no money is held for an open voucher. */
export async function untilQuiet({ hearsay, held }: TownOfProcesses): Promise<void> {
  const endMs = Date.now() + DEADLINE_MS;
  for (;;) {
    const left = hearsay.outstanding();
    if (left.length === 0 && (await held()) === '0') return;
    if (Date.now() > endMs) throw new Error(`Not quiet: ${left.join(', ')}; held ${await held()}`);
    await pause(LOOK_EVERY_MS);
  }
}
