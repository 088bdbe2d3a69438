import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readAdminToken } from '../data/admin-token.ts';
import { dataLayout, KEY_NAMES } from '../data/layout.ts';
import { openDataDirectory } from '../data/open.ts';
import { sealBackup } from './backup.ts';
import { backUpKeys, restoreKeys } from './backup-files.ts';
import { rotateKey } from './rotate.ts';

const passphrase = 'correct horse battery staple';
const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
let root: string;
let file: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tw-'));
  file = join(root, 'keys.backup');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const open = (name: string) =>
  openDataDirectory({ directory: join(root, name), profile: 'development', random });

/** One backup for all that only damage it: each sealing takes half a second on purpose. */
const sealed = sealBackup({ mqtt: `${'ab'.repeat(32)}\n` }, passphrase, random);

describe('a key backup', () => {
  it('brings every key back into an empty data directory', async () => {
    const { layout, keys } = await open('a');
    expect(await backUpKeys({ layout, file, passphrase, random })).toEqual(KEY_NAMES);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const restored = await restoreKeys({ layout: dataLayout(join(root, 'b')), file, passphrase });
    expect(restored.toSorted()).toEqual([...KEY_NAMES].toSorted());
    const again = await open('b');
    expect(again.created).toEqual([]);
    expect(again.keys.master).toEqual(keys.master);
    expect(again.keys.roles).toEqual(keys.roles);
  });

  it('shows no key and opens with no other passphrase', async () => {
    const { layout } = await open('a');
    await backUpKeys({ layout, file, passphrase, random });
    const master = (await readFile(layout.keyFile('master'), 'utf8')).split('\n')[1] ?? '';
    expect(await readFile(file, 'utf8')).not.toContain(master);
    const other = { layout: dataLayout(join(root, 'b')), file, passphrase: 'correct horse battery stable' };
    await expect(restoreKeys(other)).rejects.toMatchObject({ code: 'KEY_FILE' });
    await expect(stat(join(root, 'b'))).rejects.toThrow();
  });

  it.each([
    ['salt', (text: string) => text.replace(/"salt": "(.)/, (_, c) => `"salt": "${c === 'A' ? 'B' : 'A'}`)],
    ['data', (text: string) => text.replace(/"data": "(.)/, (_, c) => `"data": "${c === 'A' ? 'B' : 'A'}`)],
    ['cost', (text: string) => text.replace('"N": 131072', '"N": 65536')],
    ['huge cost', (text: string) => text.replace('"N": 131072', '"N": 1073741824')],
    ['end', (text: string) => text.slice(0, 100)],
  ])('is refused whole when its %s was changed', async (_, damage) => {
    await writeFile(file, damage(await sealed));
    const target = dataLayout(join(root, 'b'));
    await expect(restoreKeys({ layout: target, file, passphrase })).rejects.toMatchObject({
      code: 'KEY_FILE',
    });
  });

  it('never replaces another key, nor an older backup, nor takes a weak passphrase', async () => {
    const { layout } = await open('a');
    const other = await open('b');
    await backUpKeys({ layout, file, passphrase, random });
    await expect(restoreKeys({ layout: other.layout, file, passphrase })).rejects.toMatchObject({
      code: 'KEY_FILE',
    });
    expect((await open('b')).keys.master).toEqual(other.keys.master);
    const taken = { code: 'BAD_REQUEST', message: `${file} exists already: choose another name.` };
    await expect(backUpKeys({ layout, file, passphrase, random })).rejects.toMatchObject(taken);
    const weak = { layout, file: `${file}2`, passphrase: 'short', random };
    await expect(backUpKeys(weak)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('rotating', () => {
  it('replaces the MQTT key and keeps its development mark', async () => {
    const { layout, keys } = await open('a');
    await rotateKey('mqtt', layout, random);
    const again = await open('a');
    expect(again.keys.mqtt).not.toEqual(keys.mqtt);
    expect(again.keys.development).toBe(true);
    expect(await readFile(layout.keyFile('mqtt'), 'utf8')).toMatch(/^# tapwatt development key/);
  });

  it('replaces the administration token', async () => {
    const { layout } = await open('a');
    const before = await readAdminToken(layout.adminToken);
    await rotateKey('admin', layout, random);
    expect(await readAdminToken(layout.adminToken)).not.toBe(before);
  });

  it.each(['master', 'ledger', 'discom', 'nonsense'])('refuses %s and says why', async (what) => {
    const { layout } = await open('a');
    await expect(rotateKey(what, layout, random)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
