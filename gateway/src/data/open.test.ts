import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Profile } from '../config/gateway-config.ts';
import { createMissingKeys } from '../keys/create-keys.ts';
import { readAdminToken } from './admin-token.ts';
import { dataLayout, KEY_NAMES } from './layout.ts';
import { openDataDirectory } from './open.ts';
import { freeSocketPath, isAnswered } from './socket-path.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tw-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
const open = (profile: Profile = 'development', name = 'data') =>
  openDataDirectory({ directory: join(root, name), profile, random });
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe('opening a data directory', () => {
  it('makes marked development keys at the first start and the same keys serve ever after', async () => {
    const first = await open();
    expect(first.created).toEqual(KEY_NAMES);
    const again = await open();
    expect(again.created).toEqual([]);
    expect(again.keys.master).toEqual(first.keys.master);
    expect(again.keys.roles).toEqual(first.keys.roles);
    expect(again.keys.development).toBe(true);
    expect(await readFile(first.layout.keyFile('master'), 'utf8')).toMatch(
      /^# tapwatt development key.*\n[0-9a-f]{64}\n$/,
    );
  });

  it('lets nobody else read what is secret', async () => {
    const { layout } = await open();
    for (const name of KEY_NAMES) expect(await modeOf(layout.keyFile(name))).toBe(0o600);
    expect(await modeOf(layout.adminToken)).toBe(0o600);
    expect(await modeOf(layout.directory)).toBe(0o700);
    expect((await readAdminToken(layout.adminToken))?.length).toBe(43);
  });

  it('gives two processes that start together one and the same set of keys', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    expect(two.keys.master).toEqual(one.keys.master);
    expect(two.keys.mqtt).toEqual(one.keys.mqtt);
    expect(two.keys.roles).toEqual(one.keys.roles);
    expect((await readdir(one.layout.keys)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('refuses development keys in production', async () => {
    await open();
    await expect(open('production')).rejects.toMatchObject({ code: 'DEVELOPMENT_KEYS' });
  });

  it('never makes a key in production by itself', async () => {
    await expect(open('production')).rejects.toMatchObject({ code: 'KEY_FILE' });
    await expect(stat(dataLayout(join(root, 'data')).keyFile('master'))).rejects.toThrow();
  });

  it('refuses a production key that others may read, and opens once it is closed to them', async () => {
    const layout = dataLayout(join(root, 'data'));
    await mkdir(layout.directory);
    await createMissingKeys({ layout, development: false, random });
    await writeFile(layout.version, '1\n');
    await chmod(layout.keyFile('mqtt'), 0o640);
    await expect(open('production')).rejects.toMatchObject({
      code: 'KEY_FILE',
      message: expect.stringContaining('640'),
    });
    await chmod(layout.keyFile('mqtt'), 0o600);
    expect((await open('production')).keys.development).toBe(false);
  });

  it('takes the public half where a role’s private key went to its owner', async () => {
    const first = await open();
    await rm(first.layout.keyFile('bank'));
    expect((await open()).keys.roles.bank).toBe(first.keys.roles.bank);
  });

  it('never makes a new key beside an existing ledger', async () => {
    const { layout } = await open();
    await mkdir(layout.ledger);
    await rm(layout.keyFile('master'));
    await expect(open()).rejects.toMatchObject({
      code: 'KEY_FILE',
      message: expect.stringContaining('restore'),
    });
  });

  it.each([
    ['2\n', 'DATA_VERSION'],
    ['', 'DATA_DAMAGED'],
    ['one\n', 'DATA_DAMAGED'],
  ])('refuses a directory whose VERSION is %j', async (text, code) => {
    const { layout } = await open();
    await writeFile(layout.version, text);
    await expect(open()).rejects.toMatchObject({ code });
  });

  it('leaves somebody else’s directory alone', async () => {
    await mkdir(join(root, 'data'));
    await writeFile(join(root, 'data', 'thesis.txt'), 'x');
    await expect(open()).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
    expect(await readdir(join(root, 'data'))).toEqual(['thesis.txt']);
  });

  it('goes on after a crash in the middle of the first start', async () => {
    const { layout, keys } = await open();
    await rm(layout.keyFile('agency'));
    await rm(layout.publicKeyFile('agency'));
    await rm(layout.adminToken);
    await writeFile(join(layout.keys, '.agency.key.abc.tmp'), 'half');
    const again = await open();
    expect(again.created).toEqual(['agency']);
    expect(again.keys.master).toEqual(keys.master);
  });

  it.each(['', '# only a comment\n', 'abc\n', 'x'.repeat(5_000)])(
    'names a damaged key file (%#)',
    async (text) => {
      const { layout } = await open();
      await writeFile(layout.keyFile('master'), text);
      const message = expect.stringContaining('master.key');
      await expect(open()).rejects.toMatchObject({ code: 'KEY_FILE', message });
    },
  );
});

describe('the path of the Unix socket', () => {
  const listen = (path: string): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer();
      server.listen(path, () => resolve(server));
    });

  it('is freed when nobody answers there any more', async () => {
    const path = join(root, 'a.sock');
    const server = await listen(path);
    await expect(freeSocketPath(path)).rejects.toMatchObject({ code: 'DATA_LOCKED' });
    const kept = `${path}.kept`;
    await import('node:fs/promises').then((fs) => fs.link(path, kept));
    await new Promise((resolve) => server.close(resolve));
    await import('node:fs/promises').then((fs) => fs.rename(kept, path));
    await freeSocketPath(path);
    await expect(stat(path)).rejects.toThrow();
  });

  it('is answered by nobody where no socket can be', async () => {
    const file = join(root, 'file');
    await writeFile(file, 'x');
    expect(await isAnswered(join(file, 'a.sock'))).toBe(false);
    expect(await isAnswered(join(root, 'nowhere', 'a.sock'))).toBe(false);
  });

  it('is never freed of something that is no socket', async () => {
    const path = join(root, 'a.sock');
    await writeFile(path, 'x');
    await expect(freeSocketPath(path)).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  });

  it('is refused when the system would cut it', async () => {
    await expect(freeSocketPath(`/${'x'.repeat(120)}`)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
