import { rm } from 'node:fs/promises';
import type { Layout } from './layout.ts';
import { stopProcesses } from './processes.ts';

/** Stops all processes of a network and keeps its data, or removes everything. Answers how many ran. */
export async function bringDown(layout: Layout, { wipe }: { readonly wipe: boolean }): Promise<number> {
  const stopped = await stopProcesses(layout);
  if (wipe) {
    for (const entry of layout.entries()) await rm(entry, { recursive: true, force: true });
  }
  return stopped;
}
