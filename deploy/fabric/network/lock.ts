import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { Layout } from './layout.ts';
import { NetworkError } from './network-error.ts';
import { isRunning, type KnownProcess, knownProcess } from './process-table.ts';

/** Lets one command at a time change a network. A lock whose owner is gone is taken over. Throws `NetworkError`. */
export async function withLock<T>(layout: Layout, work: () => Promise<T>): Promise<T> {
  await mkdir(layout.directory, { recursive: true, mode: 0o700 });
  await take(layout.lockFile());
  try {
    return await work();
  } finally {
    await rm(layout.lockFile(), { force: true });
  }
}

/** The file appears with its content or not at all: it is a link to one written before. */
async function take(file: string): Promise<void> {
  const owner = await ownerOf(file);
  if (owner !== undefined && !isRunning(owner)) await rm(file, { force: true });
  const own = `${file}.${process.pid}`;
  await writeFile(own, JSON.stringify(knownProcess(process.pid)), { mode: 0o600 });
  try {
    await link(own, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new NetworkError(
      'failed',
      `Process ${owner?.pid} is at work on this network: wait until it has ended.`,
    );
  } finally {
    await rm(own, { force: true });
  }
}

async function ownerOf(file: string): Promise<KnownProcess | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as KnownProcess;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
