import { spawn } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DataLayout } from '../data/layout.ts';
import { finishReplacement, replaceLedger } from '../data/replaced-ledger.ts';
import { verifyLedgerDirectory } from '../ledger/embedded/index.ts';
import { openBackupFile } from './backup-file.ts';
import { createBackupFile } from './create-backup.ts';
import { restoreBackup } from './restore-backup.ts';
import { addAgents, clock, ledgerKeyOf, ledgerWith, random } from './testing/small-ledger.ts';
import { backupBytes } from './write-backup.ts';

const PROCESS = fileURLToPath(new URL('./testing/restore-process.ts', import.meta.url));
const SLOW_MS = 60_000;

let root: string;
let layout: DataLayout;
let file: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tw-'));
  file = join(root, 'small.backup');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A ledger of 200 agents, backed up, that has gone on to 300. */
async function backedUp(): Promise<{ readonly backupHead: number; readonly head: number }> {
  const made = await ledgerWith(join(root, 'data'), 200);
  ({ layout } = made);
  const backupHead = made.ledger.headBlock().number;
  const [dump, ledgerKey] = [made.ledger.dump(), made.keys.ledger];
  // What is committed while the backup is being written is not in it.
  await addAgents(made.ledger, 200, 300);
  await createBackupFile(file, backupBytes(dump, { ledgerKey, createdAt: 7 }));
  const head = made.ledger.headBlock().number;
  await made.ledger.close();
  return { backupHead, head };
}

const restore = async (of: DataLayout = layout, full = false) =>
  restoreBackup({
    ...{ file, layout: of, gatewayId: 'gateway', clock, random, full },
    ledgerKey: await ledgerKeyOf(of.keyFile('ledger')),
    onProgress: () => undefined,
  });
const blocksOf = async (directory: string): Promise<number> => {
  const { ok, blocks } = await verifyLedgerDirectory({ directory });
  return ok ? blocks : Number.NaN;
};

describe('a backup', () => {
  it('is one moment of a ledger that goes on, with a signed manifest', async () => {
    const { backupHead } = await backedUp();
    const { manifest } = await openBackupFile(file);
    expect(manifest).toMatchObject({ ledgerId: 'small', head: { number: backupHead }, createdAt: 7 });
    await expect(createBackupFile(file, (async function* () {})())).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    });
  });

  it('becomes the ledger in quarantine, verified to the last row, with the old one kept aside', async () => {
    const { backupHead, head } = await backedUp();
    const restored = await restore(layout, true);
    expect(restored).toMatchObject({ restores: 1, keptHead: head });
    expect(await blocksOf(layout.ledger)).toBe(backupHead + 2);
    expect(await blocksOf(join(layout.directory, restored.kept ?? ''))).toBe(head + 1);
    const { ledger } = await ledgerWith(layout.directory, 0);
    const gateway = ledger.as({ partyId: 'gateway', role: 'gateway' });
    expect(await gateway.evaluate('GetLedger', {})).toMatchObject({
      restores: 1,
      restored: { number: backupHead },
    });
    expect(await gateway.evaluate('GetParty', { id: 'agent-199' })).not.toBeNull();
    expect(await gateway.evaluate('GetParty', { id: 'agent-200' })).toBeNull();
    await ledger.close();
  });

  it('is restored beside the keys where there is no ledger, and not beside other keys', async () => {
    const { backupHead } = await backedUp();
    await rm(layout.ledger, { recursive: true });
    expect(await restore()).toMatchObject({ kept: undefined, keptHead: undefined });
    expect(await blocksOf(layout.ledger)).toBe(backupHead + 2);
    const other = await ledgerWith(join(root, 'other'), 1);
    await other.ledger.close();
    await expect(restore(other.layout)).rejects.toMatchObject({ code: 'KEY_FILE' });
    expect((await readdir(other.layout.directory)).filter((name) => name.startsWith('ledger.'))).toEqual([]);
  });

  it('is not restored over a ledger that is in use', async () => {
    await backedUp();
    const { ledger } = await ledgerWith(layout.directory, 0);
    await expect(restore()).rejects.toMatchObject({ code: 'DATA_LOCKED' });
    await ledger.close();
  });

  it('is refused when one bit of it is changed, wherever, or when it ends early', async () => {
    const { head } = await backedUp();
    const whole = await readFile(file);
    const places = [
      0,
      20,
      1_000,
      Math.floor(whole.length / 2),
      whole.length - 20,
      whole.length - 10,
      whole.length - 1,
    ];
    for (const at of [...places, whole.length - 300]) {
      const changed = Buffer.from(whole);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      await writeFile(file, changed);
      await expect(restore()).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
    }
    for (const length of [0, 10, 500, whole.length - 1]) {
      await writeFile(file, whole.subarray(0, length));
      const remedy = expect.stringContaining('another backup file');
      await expect(restore()).rejects.toMatchObject({ code: 'DATA_DAMAGED', remedy });
    }
    expect(await blocksOf(layout.ledger)).toBe(head + 1);
    expect((await readdir(layout.directory)).filter((name) => name.startsWith('ledger.'))).toEqual([]);
  });

  it('whose rows are not the chain that its head names is refused though it is signed', async () => {
    await backedUp();
    const { ledger, keys } = await ledgerWith(layout.directory, 0);
    const dump = ledger.dump();
    const forged = {
      ...{ meta: dump.meta, head: dump.head, close: dump.close },
      async *rows() {
        for await (const row of dump.rows()) if (!row.key.startsWith('b!000000000003')) yield row;
      },
    };
    await rm(file);
    await createBackupFile(file, backupBytes(forged, { ledgerKey: keys.ledger, createdAt: 7 }));
    await ledger.close();
    await expect(restore()).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  });
});

/** Runs the process until it says `phase`, and kills it there. */
function killedAt(phase: string, args: readonly string[]): Promise<string[]> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [PROCESS, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const heard: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => {
      heard.push(line);
      if (line === phase) child.kill('SIGKILL');
    });
    child.once('close', () => resolve(heard));
  });
}

describe('a kill -9', () => {
  it(
    'in the middle of a restore leaves the old ledger or the new one, whole',
    async () => {
      const { head, backupHead } = await backedUp();
      for (const phase of ['check', 'load', 'verify']) {
        await killedAt(phase, ['restore', layout.directory, file]);
        expect(await blocksOf(layout.ledger)).toBe(head + 1);
      }
      await killedAt('replace', ['restore', layout.directory, file]);
      await finishReplacement(layout);
      expect([head + 1, backupHead + 2]).toContain(await blocksOf(layout.ledger));
      await restore();
      expect(await blocksOf(layout.ledger)).toBe(backupHead + 2);
      const names = await readdir(layout.directory);
      expect(names.filter((name) => name.startsWith('ledger.restoring-'))).toEqual([]);
    },
    SLOW_MS,
  );

  it(
    'in the middle of making a backup leaves no file of its name',
    async () => {
      const made = await ledgerWith(join(root, 'data'), 500);
      await made.ledger.close();
      const heard = await killedAt('write', ['create', made.layout.directory, file]);
      expect(heard).toEqual(['write']);
      expect((await readdir(root)).includes('small.backup')).toBe(false);
      expect(await blocksOf(made.layout.ledger)).toBeGreaterThan(1);
    },
    SLOW_MS,
  );

  it.each(['before the first rename', 'between the two', 'after both'])(
    'of the replacement itself, %s, is made good at the next start',
    async (when) => {
      await backedUp();
      const names = { fresh: 'ledger.restoring-x', kept: 'ledger.replaced-x' };
      const [fresh, kept] = [join(layout.directory, names.fresh), join(layout.directory, names.kept)];
      await cp(layout.ledger, fresh, { recursive: true });
      await writeFile(join(fresh, 'mark'), '');
      await writeFile(join(layout.directory, 'replace-ledger.json'), JSON.stringify(names));
      if (when !== 'before the first rename') await rename(layout.ledger, kept);
      if (when === 'after both') await rename(fresh, layout.ledger);
      await finishReplacement(layout);
      expect(await readdir(layout.ledger)).toContain('mark');
      expect(await readdir(kept)).not.toContain('mark');
      expect(await readdir(layout.directory)).not.toContain('replace-ledger.json');
      // A replacement that was taken away puts the old ledger back.
      await rename(layout.ledger, join(layout.directory, 'ledger.unused'));
      await replaceLedger(layout, { fresh: 'ledger.absent', kept: 'ledger.unused' });
      expect(await readdir(layout.ledger)).toContain('mark');
    },
  );
});
