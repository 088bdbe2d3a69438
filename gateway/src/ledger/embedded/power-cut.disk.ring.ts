import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyAfterPowerCut, momentsOfSaying, recordDisk, saidBefore } from '../../data/testing/power-cut.ts';
import { openTestLedger, txIdNumber } from './testing/test-ledger.ts';

const CHILD = fileURLToPath(new URL('./testing/kill-child.ts', import.meta.url));
const TRANSACTIONS = 300;
/** Power cuts that are tried, spread over the run; the first acknowledgement and the last are among them. */
const CUTS = 12;

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tapwatt-power-'));
});
afterEach(() => rm(root, { recursive: true }));

it('a power cut takes no transaction that was acknowledged, and leaves a ledger that opens and verifies', async () => {
  const args = [join(root, 'ledger'), '1'];
  const record = await recordDisk({ root, script: CHILD, args, lines: TRANSACTIONS });
  const moments = momentsOfSaying(record);
  const step = (moments.length - 1) / (CUTS - 1);
  for (let cut = 0; cut < CUTS; cut += 1) {
    const at = moments[Math.round(cut * step)] ?? 0;
    const copy = join(root, `after-${at}`);
    await copyAfterPowerCut(record, at, copy);
    const ledger = await openTestLedger({ directory: join(copy, 'ledger') });
    const auditor = ledger.as({ partyId: 'x', role: 'auditor' });
    for (const said of saidBefore(record, at)) {
      const txId = txIdNumber(Number(said));
      expect(await auditor.lookup(txId), `${said}, cut after entry ${at}`).toMatchObject({ txId });
    }
    expect((await ledger.verify()).finding).toBeUndefined();
    await ledger.close();
  }
});
