import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Layout } from './layout.ts';
import { NetworkError } from './network-error.ts';

const LINES = '40';

/** Shows the last lines of what the processes have written, of all or of those named. Throws `NetworkError`. */
export async function showLogs(
  layout: Layout,
  { names, follow }: { readonly names: readonly string[]; readonly follow: boolean },
): Promise<void> {
  const found = await readdir(dirname(layout.log('any'))).catch(() => []);
  const there = found.map((file) => file.replace(/\.log$/, ''));
  const unknown = names.filter((name) => !there.includes(name));
  if (there.length === 0) throw new NetworkError('configuration', `${layout.directory} holds no network.`);
  if (unknown.length > 0) {
    throw new NetworkError(
      'configuration',
      `No log of ${unknown.join(', ')}; there are ${there.join(', ')}.`,
    );
  }
  const files = (names.length === 0 ? there : names).map((name) => layout.log(name));
  const child = spawn('tail', ['-n', LINES, ...(follow ? ['-F'] : []), ...files], { stdio: 'inherit' });
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
}
