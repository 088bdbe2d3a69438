import { mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TapwattError } from '@tapwatt/firmware-contracts';
import { describe, expect, it } from 'vitest';
import { classicLevelPlace } from './classic-level-storage.ts';
import { META_ROW } from './rows.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { counterRules } from './testing/counter-rules.ts';
import { counters, countingRandom, openTestLedger, testKey, withDirectory } from './testing/test-ledger.ts';
import { verifyLedgerDirectory } from './verify-directory.ts';

/** What opening fails with. */
const failure = async (options: Parameters<typeof openTestLedger>[0]): Promise<TapwattError> => {
  try {
    await (await openTestLedger(options)).close();
  } catch (error) {
    if (error instanceof TapwattError) return error;
    throw error;
  }
  throw new Error('It opened.');
};

/** A closed ledger of some blocks, most of them in table files. */
const withLedger = (run: (directory: string) => Promise<void>, blocks = 40): Promise<void> =>
  withDirectory(async (directory) => {
    for (let round = 0; round < 2; round++) {
      const ledger = await openTestLedger({ directory, random: countingRandom(round * 10_000) });
      for (let block = 0; block < blocks; block++) await counters(ledger).add(`account${block}`, block);
      await ledger.close();
    }
    await run(directory);
  });

const fileOf = async (directory: string, pattern: RegExp): Promise<string> => {
  const file = (await readdir(directory)).find((name) => pattern.test(name));
  if (file === undefined) throw new Error(`No file like ${pattern}.`);
  return join(directory, file);
};

const overwrite = async (file: string, position: number, bytes: Uint8Array): Promise<void> => {
  const handle = await open(file, 'r+');
  await handle.write(bytes, 0, bytes.length, position);
  await handle.close();
};

describe('opening', () => {
  it('makes no ledger without a genesis, and leaves nothing behind', () =>
    withDirectory(async (directory) => {
      const error = await failure({ directory, genesis: undefined });
      expect(error.code).toBe('NOT_FOUND');
      await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
    }));

  it('refuses a directory that another ledger object has open', () =>
    withDirectory(async (directory) => {
      const ledger = await openTestLedger({ directory });
      const error = await failure({ directory });
      expect(error.code).toBe('DATA_LOCKED');
      await ledger.close();
      await (await openTestLedger({ directory })).close();
    }));

  it('refuses another signing key, another ledger and another schema version', async () => {
    const place = new SimulatedDisk();
    await (await openTestLedger({ place })).close();
    const wrongKey = await failure({ place, signingKey: testKey(2) });
    expect(wrongKey).toMatchObject({ code: 'DATA_DAMAGED', message: expect.stringContaining('key file') });
    const wrongLedger = await failure({ place, genesis: { ledgerId: 'other', parties: [] } });
    expect(wrongLedger).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('holds ledger test'),
    });
    place.tamper(META_ROW, String(place.durable.get(META_ROW)).replace('"schema":1', '"schema":2'));
    expect(await failure({ place })).toMatchObject({ code: 'DATA_VERSION' });
  });

  it('begins again where a first start was killed before block 0', () =>
    withDirectory(async (directory) => {
      const storage = await classicLevelPlace(directory).open();
      await storage.close();
      const ledger = await openTestLedger({ directory });
      expect(ledger.headBlock().number).toBe(0);
      await ledger.close();
    }));
});

describe('opening after a crash', () => {
  it('minds no half made table, whatever name LevelDB gives to the next one', () =>
    withLedger(async (directory) => {
      const files = await readdir(directory);
      for (let number = 1; number < 100; number++) {
        const file = `${String(number).padStart(6, '0')}.ldb`;
        if (!files.includes(file)) await writeFile(join(directory, file), Buffer.alloc(3000, 1));
      }
      for (let round = 0; round < 3; round++) {
        const ledger = await openTestLedger({ directory, random: countingRandom(90_000 + round) });
        await counters(ledger).add('a', 1);
        expect((await ledger.verify()).ok).toBe(true);
        await ledger.close();
      }
    }));
});

describe('opening damaged data says DATA_DAMAGED and what to do', () => {
  const damagedBy = (damage: (directory: string) => Promise<void>): Promise<void> =>
    withLedger(async (directory) => {
      await damage(directory);
      const error = await failure({ directory });
      expect(error.code).toBe('DATA_DAMAGED');
      expect(error.message).toMatch(/backup/);
    });

  it('when CURRENT is missing, and touches nothing', () =>
    withLedger(async (directory) => {
      await rm(join(directory, 'CURRENT'));
      const before = await readdir(directory);
      expect((await failure({ directory })).code).toBe('DATA_DAMAGED');
      expect(await readdir(directory)).toEqual(before);
    }));

  it('when the manifest is missing', () => damagedBy(async (dir) => rm(await fileOf(dir, /^MANIFEST/))));

  it('when the manifest is overwritten', () =>
    damagedBy(async (dir) => overwrite(await fileOf(dir, /^MANIFEST/), 0, Buffer.alloc(32, 7))));

  it('when a table is missing', () => damagedBy(async (dir) => rm(await fileOf(dir, /\.ldb$/))));

  it('when a table is cut off', () =>
    damagedBy(async (dir) => {
      const table = await fileOf(dir, /\.ldb$/);
      await truncate(table, Math.floor((await stat(table)).size / 2));
    }));

  it('when a record in the middle of the log is lost', () =>
    withDirectory(async (directory) => {
      const ledger = await openTestLedger({ directory });
      for (let block = 0; block < 200; block++) await counters(ledger).add(`account${block}`, block);
      // A killed process leaves its log; closing would not change it, but another open turns it into a table.
      const copy = `${directory}-copy`;
      await mkdir(copy);
      for (const file of await readdir(directory)) {
        await writeFile(join(copy, file), await readFile(join(directory, file)));
      }
      await ledger.close();
      const log = await fileOf(copy, /^\d+\.log$/);
      await overwrite(log, Math.floor((await stat(log)).size / 2), Buffer.alloc(16, 0xff));
      const error = await failure({ directory: copy });
      expect(error).toMatchObject({ code: 'DATA_DAMAGED', message: expect.stringMatching(/Block \d+/) });
    }));

  it.each([
    ['the head row is missing', 'm!head', undefined],
    ['the head row is cut', 'm!head', '{"number":3'],
    ['the head row lacks a part', 'm!head', '{"number":1}'],
    ['the meta row is missing', 'm!meta', undefined],
    ['the newest block is missing', 'b!000000000003', undefined],
    ['the newest block is cut', 'b!000000000003', new Uint8Array(20)],
    ['the newest block is an older one', 'b!000000000003', 'b!000000000002'],
  ])('when %s', async (_, row, value) => {
    const place = new SimulatedDisk();
    const ledger = await openTestLedger({ place });
    for (let block = 0; block < 3; block++) await counters(ledger).add('a', block);
    await ledger.close();
    place.tamper(row, typeof value === 'string' && value.startsWith('b!') ? place.durable.get(value) : value);
    const error = await failure({ place });
    expect(error).toMatchObject({ code: 'DATA_DAMAGED', message: expect.stringContaining('backup') });
  });
});

describe('verifying a directory that nobody has open', () => {
  it('works where opening is refused, and removes what it needed', () =>
    withDirectory(async (directory) => {
      const ledger = await openTestLedger({ directory });
      await counters(ledger).add('a', 1);
      await ledger.close();
      const result = await verifyLedgerDirectory({ directory, rules: counterRules, key: testKey() });
      expect(result).toMatchObject({ ok: true, blocks: 2, checkedBlocks: 2 });
      const wrong = await verifyLedgerDirectory({ directory, rules: counterRules, key: testKey(2) });
      expect(wrong).toMatchObject({ ok: false, finding: { block: 0 } });
      expect(await readdir(join(directory, '..'))).toEqual(['ledger']);
    }));
});
