import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { counters, openTestLedger, txIdNumber, withDirectory } from './testing/test-ledger.ts';

const CHILD = fileURLToPath(new URL('./testing/kill-child.ts', import.meta.url));

/** Starts a committing process, kills it -9 after some acknowledgements, and gives all that it acknowledged. */
const acknowledgedUntilKilled = async (
  directory: string,
  { first, after }: { first: number; after: number },
): Promise<readonly number[]> => {
  const child = spawn(process.execPath, [CHILD, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === after) child.kill('SIGKILL');
  }
  await closed;
  return acknowledged;
};

describe('a process that has the ledger open', () => {
  it('keeps every other process out, until it is gone', () =>
    withDirectory(async (directory) => {
      const child = spawn(process.execPath, [CHILD, directory, '1'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const closed = once(child, 'close');
      await once(child.stdout, 'data');
      await expect(openTestLedger({ directory })).rejects.toMatchObject({ code: 'DATA_LOCKED' });
      child.stdout.resume();
      child.kill('SIGKILL');
      await closed;
      await (await openTestLedger({ directory })).close();
    }));
});

describe('a process killed with -9', () => {
  it('loses no transaction that it acknowledged, and leaves a ledger that opens and verifies', () =>
    withDirectory(async (directory) => {
      const acknowledged: number[] = [];
      let first = 1;
      for (const after of [1, 7, 40, 150]) {
        acknowledged.push(...(await acknowledgedUntilKilled(directory, { first, after })));
        const ledger = await openTestLedger({ directory });
        const auditor = ledger.as({ partyId: 'x', role: 'auditor' });
        for (const number of acknowledged) {
          expect(await auditor.lookup(txIdNumber(number))).toMatchObject({ txId: txIdNumber(number) });
        }
        expect(await counters(ledger).read('a')).toBe((await ledger.stats()).transactions - 1);
        expect((await ledger.verify()).finding).toBeUndefined();
        await ledger.close();
        first += 100_000;
      }
      expect(acknowledged.length).toBeGreaterThanOrEqual(198);
    }));
});
