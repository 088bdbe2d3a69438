import { readFile } from 'node:fs/promises';
import type { NetworkPlan } from './plan.ts';

/** The plan of a network whose material is complete; undefined where none was made. */
export async function readPlan(file: string): Promise<NetworkPlan | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as NetworkPlan;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
