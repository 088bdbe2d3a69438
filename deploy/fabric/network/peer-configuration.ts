import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { NetworkError } from './network-error.ts';
import { CONFIGURATION } from './node-commands.ts';
import type { Programs } from './programs.ts';
import { runProgram } from './run-program.ts';

const DEADLINE_MS = 10_000;
const IS_2 = /Version: v?2\./;
const CORE = 'core.yaml';
/** A peer of 2.5 has no such filter, and does not start with one that it does not know. */
const TIME_WINDOW = '      - name: TimeWindowCheck\n';

/** The folder of the core.yaml that a peer of this version takes. Throws `NetworkError`. */
export async function peerConfiguration({ peer }: Programs, layout: Layout): Promise<string> {
  const said = await runProgram({ program: peer, args: ['version'], deadlineMs: DEADLINE_MS });
  if (!IS_2.test(said)) return CONFIGURATION;
  const core = await readFile(join(CONFIGURATION, CORE), 'utf8');
  if (!core.includes(TIME_WINDOW)) throw new NetworkError('configuration', `${CORE} has no TimeWindowCheck.`);
  const folder = layout.peerConfiguration();
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, CORE), core.replace(TIME_WINDOW, ''));
  return folder;
}
