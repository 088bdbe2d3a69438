import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Say } from '../../bench-town.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const TAPS = 1_000;
const DEADLINE_MS = 40 * 60_000;

/**
 * Taps at two virtual readers of the real PC/SC daemon, in a network of their own. Throws a plain Error where the
 * machine lacks something: npm run setup:system -- nfc-ring.
 */
export function benchNfc(say: Say, size = TAPS): Promise<unknown> {
  const words = [
    join(ROOT, 'scripts/in-private-network.sh'),
    process.execPath,
    join(import.meta.dirname, 'taps.ts'),
  ];
  return new Promise((resolve, reject) => {
    const run = execFile(
      'bash',
      [...words, String(size)],
      { timeout: DEADLINE_MS },
      (error, stdout, stderr) => {
        if (error === null) resolve(JSON.parse(stdout));
        else reject(new Error(`${stderr.slice(-2_000)}\nRemedy: npm run setup:system -- nfc-ring`));
      },
    );
    run.stderr?.on('data', (text: string) => say(text.trim()));
  });
}
