import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dataLayout, KEY_NAMES, type KeyName } from '../data/layout.ts';
import { copyAfterPowerCut, momentsOfSaying, recordDisk } from '../data/testing/power-cut.ts';
import { restoreKeys } from './backup-files.ts';

const CHILD = fileURLToPath(new URL('./testing/key-making-child.ts', import.meta.url));
const PASSPHRASE = 'through a power cut';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tapwatt-power-'));
});
afterEach(() => rm(root, { recursive: true }));

const keyIn = (directory: string, name: KeyName): Promise<string> =>
  readFile(dataLayout(directory).keyFile(name), 'utf8');

it('a power cut takes no key that was made, no rotation that was done and no backup that was written', async () => {
  const [data, file] = ['var/gateway', 'keys.backup'];
  const args = [join(root, data), join(root, file), PASSPHRASE];
  const record = await recordDisk({ root, script: CHILD, args, lines: 3 });
  const [made, rotated, backedUp] = await Promise.all(
    momentsOfSaying(record).map(async (at) => {
      const copy = join(root, `after-${at}`);
      await copyAfterPowerCut(record, at, copy);
      return copy;
    }),
  );
  for (const name of KEY_NAMES) {
    const key = await keyIn(join(root, data), name);
    if (name !== 'mqtt') expect(await keyIn(join(made ?? '', data), name)).toBe(key);
    expect(await keyIn(join(rotated ?? '', data), name)).toBe(key);
  }
  const layout = dataLayout(join(root, 'elsewhere'));
  const restored = await restoreKeys({ layout, file: join(backedUp ?? '', file), passphrase: PASSPHRASE });
  expect([...restored].sort()).toEqual([...KEY_NAMES].sort());
});
