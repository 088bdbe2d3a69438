import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyAfterPowerCut, momentsOfSaying, recordDisk, saidBefore } from '../data/testing/power-cut.ts';
import { systemClock } from '../edges/system.ts';
import { openLevelJournal } from './level-journal.ts';

const CHILD = fileURLToPath(new URL('./testing/refusing-child.ts', import.meta.url));
const REFUSED = 20;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tapwatt-power-'));
});
afterEach(() => rm(root, { recursive: true }));

it('a power cut lets no request come back that was refused for good', async () => {
  const record = await recordDisk({ root, script: CHILD, args: [join(root, 'requests')], lines: REFUSED });
  for (const at of momentsOfSaying(record)) {
    const copy = join(root, `after-${at}`);
    await copyAfterPowerCut(record, at, copy);
    const journal = await openLevelJournal(join(copy, 'requests'), {
      clock: systemClock,
      onError: () => expect.unreachable(),
    });
    for (const requestId of saidBefore(record, at)) {
      expect(journal.find('handset-1', requestId)).toMatchObject({ refused: 'AMOUNT_OUT_OF_RANGE' });
    }
    await journal.close();
  }
});
