import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, spawnTapwatt } from './testing/run-tapwatt.ts';

interface FrameVector {
  readonly name: string;
  readonly type: string;
  readonly master: string;
  readonly fields?: Record<string, string | number>;
  readonly frame: string;
  readonly refuse?: string;
}

const VECTORS = new URL('../../../firmware-contracts/vectors/frames.json', import.meta.url);
let cwd: string;
let vectors: readonly FrameVector[];
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tw-'));
  vectors = JSON.parse(await readFile(VECTORS, 'utf8')) as readonly FrameVector[];
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const tapwatt = (args: readonly string[], input = ''): Promise<Ended> => spawnTapwatt(args, { cwd, input });
const linesOf = (ended: Ended): unknown[] =>
  ended.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

async function masterFile(master: string): Promise<string> {
  const file = join(cwd, `${master.slice(0, 8)}.key`);
  await writeFile(file, `${master}\n`, { mode: 0o600 });
  return file;
}

/** Vectors by the options that they need: the master key, and the type of the 28-byte frames. */
function groups(): Map<string, FrameVector[]> {
  const hintOf = ({ type }: FrameVector): string => (type === 'ack' || type === 'time' ? type : '');
  return Map.groupBy(vectors, (vector) => `${vector.master} ${hintOf(vector)}`);
}

describe('tapwatt frame', () => {
  it('decodes every vector as the wire contract says', async () => {
    for (const [options, group] of groups()) {
      const [master = '', hint = ''] = options.split(' ');
      const type = hint === '' ? [] : ['--type', hint];
      const args = ['frame', 'decode', '-', '--master-file', await masterFile(master), ...type];
      const ended = await tapwatt(args, `${group.map((vector) => vector.frame).join('\n')}\n`);
      const wanted = group.map(({ type, fields, refuse }) => {
        if (fields !== undefined) return { type, fields, mac: 'ok' };
        return refuse === 'BAD_MAC' ? expect.objectContaining({ type, mac: 'bad' }) : { refuse };
      });
      expect(linesOf(ended)).toEqual(wanted);
      const refused = group.some(({ fields, refuse }) => fields === undefined && refuse !== 'BAD_MAC');
      expect(ended.code).toBe(refused ? 5 : 0);
    }
  }, 60_000);

  it('seals every vector to the same bytes', async () => {
    for (const [master, group] of Map.groupBy(
      vectors.filter(({ fields }) => fields !== undefined),
      (one) => one.master,
    )) {
      const input = group.map(({ type, fields }) => JSON.stringify({ type, fields })).join('\n');
      const ended = await tapwatt(['frame', 'seal', '--master-file', await masterFile(master)], input);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout.trim().split('\n')).toEqual(group.map(({ frame }) => frame));
    }
  }, 60_000);

  it('refuses line by line and goes on', async () => {
    const good = vectors.find(({ type, fields }) => type === 'voucher' && fields !== undefined);
    const input = ['00', good?.frame, 'zz', '', '0'.repeat(144), `${good?.frame}00`].join('\n');
    const ended = await tapwatt(['frame', 'decode', '-'], input);
    const refuse = { refuse: 'BAD_FORMAT' };
    expect(linesOf(ended)).toEqual([
      refuse,
      { type: 'voucher', fields: good?.fields },
      refuse,
      refuse,
      refuse,
      refuse,
    ]);
    expect(ended.code).toBe(5);
  });

  it('says that the MAC is bad under another master key', async () => {
    const good = vectors.find(({ type, fields }) => type === 'receipt' && fields !== undefined);
    const other = await masterFile(randomBytes(32).toString('hex'));
    const ended = await tapwatt(['frame', 'decode', good?.frame ?? '', '--master-file', other]);
    expect(linesOf(ended)).toEqual([{ type: 'receipt', fields: good?.fields, mac: 'bad' }]);
    expect(ended.code).toBe(0);
  });

  it('refuses to seal what is no frame', async () => {
    const good = vectors.find(({ type, fields }) => type === 'voucher' && fields !== undefined);
    const { fields = {} } = good ?? {};
    const wrong = [
      'nonsense',
      '[]',
      { type: 'letter', fields },
      { type: 'voucher' },
      { type: 'voucher', fields, more: 1 },
      { type: 'voucher', fields: { ...fields, colour: 1 } },
      { type: 'voucher', fields: { ...fields, amount: 5 } },
      { type: 'voucher', fields: { ...fields, seq: '5' } },
      { type: 'voucher', fields: { ...fields, seq: -1 } },
      { type: 'voucher', fields: { ...fields, seq: 4_294_967_296 } },
      { type: 'voucher', fields: { ...fields, meterId: '0' } },
      { type: 'voucher', fields: { ...fields, voucherId: 'AB' } },
    ];
    const input = wrong.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    const ended = await tapwatt(['frame', 'seal', '--master-file', await masterFile('11'.repeat(32))], input);
    expect(linesOf(ended)).toEqual(wrong.map(() => ({ refuse: 'BAD_FORMAT' })));
    expect(ended.code).toBe(5);
  });

  it('wants to know which 28 bytes it sees, and a key that is one', async () => {
    const twentyEight = '00'.repeat(28);
    expect(await tapwatt(['frame', 'decode', twentyEight])).toMatchObject({ code: 2, stdout: '' });
    expect((await tapwatt(['frame', 'decode', twentyEight, '--type', 'ack'])).code).toBe(5);
    expect((await tapwatt(['frame', 'decode', '00', '--type', 'receipt'])).code).toBe(2);
    expect((await tapwatt(['frame', 'decode', '00', '--master-file', 'nowhere'])).code).toBe(3);
    await writeFile(join(cwd, 'bad.key'), 'abc');
    expect((await tapwatt(['frame', 'seal', '--master-file', 'bad.key'])).stderr).toContain('64 hex digits');
  });
});
