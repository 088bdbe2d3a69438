import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyAfterPowerCut, momentsOfSaying, recordDisk } from '../data/testing/power-cut.ts';
import { openBackupFile } from './backup-file.ts';
import { ledgerWith } from './testing/small-ledger.ts';

const CHILD = fileURLToPath(new URL('./testing/restore-process.ts', import.meta.url));

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tapwatt-power-'));
});
afterEach(() => rm(root, { recursive: true }));

it('a power cut takes no backup of a ledger that was reported as written', async () => {
  const { ledger } = await ledgerWith(join(root, 'data'), 200);
  await ledger.close();
  const args = ['create', join(root, 'data'), join(root, 'small.backup')];
  const record = await recordDisk({ root, script: CHILD, args, lines: 2 });
  const copy = join(root, 'after');
  await copyAfterPowerCut(record, momentsOfSaying(record).at(-1) ?? 0, copy);
  const { manifest } = await openBackupFile(join(copy, 'small.backup'));
  expect(manifest).toMatchObject({ ledgerId: 'small' });
});
