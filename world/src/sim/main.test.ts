import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const WORLD = fileURLToPath(new URL('../../bin/tapwatt-world.js', import.meta.url));
const SHORT = ['--troubled-ms', '60000'];
const SLOW_MS = 180_000;

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const world = (...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(process.execPath, [WORLD, ...args], { maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code ?? -1);
      resolve({ code, stdout, stderr });
    });
  });

describe('npm run world', { timeout: SLOW_MS }, () => {
  it.each(['embedded', 'fabric-model'])(
    'runs one seed as the same world in two processes: %s',
    async (ledger) => {
      const args = ['--seed', '3', '--trace', '--ledger', ledger, ...SHORT];
      const [first, second] = await Promise.all([world(...args), world(...args)]);
      expect(first).toEqual(second);
      expect([first.code, first.stderr]).toEqual([0, '']);
      expect(first.stdout).toMatch(/seed 3: \d+ events, \d+ faults, hash [0-9a-f]{64}\n$/);
    },
  );

  it.each([
    ['100', 'ledger-restored', 'town restored to block'],
    ['43', 'ledger-cloned', 'town two machines from one disk'],
  ])(
    'runs seed %s as the same world in two processes with its ledger copied: %s',
    async (seed, kind, said) => {
      const args = [
        '--seed',
        seed,
        '--trace',
        '--ledger',
        'embedded',
        '--only',
        kind,
        '--troubled-ms',
        '240000',
      ];
      const [first, second] = await Promise.all([world(...args), world(...args)]);
      expect(first).toEqual(second);
      expect([first.code, first.stderr]).toEqual([0, '']);
      expect(first.stdout).toContain(said);
    },
  );

  it('ends a run by time with the command that gives the same figures whatever the time', async () => {
    const first = await world('--minutes', '0.05', '--base-seed', '5', '--workers', '2', ...SHORT);
    const again = /^the same worlds: npm run world -- (.*)$/m.exec(first.stdout)?.[1] ?? '';
    expect(again).toMatch(/^--seeds \d+ --base-seed 5 --twice \d+ --troubled-ms 60000$/);
    const second = await world(...again.split(' '), '--workers', '1');
    expect([first.code, second.code]).toEqual([0, 0]);
    const figures = ({ stdout, stderr }: Ended): readonly string[] => [
      ...stdout.replace(/in \d+ s/, '').split('\n'),
      ...stderr.split('\n').filter((line) => /^(fault|crash point|done): /.test(line)),
    ];
    expect(figures(second)).toEqual(figures(first));
    expect(first.stdout).toMatch(/^hash over the hashes of those run twice: [0-9a-f]{64}$/m);
  });

  it('fails where a bug is planted, and says what was broken', async () => {
    // One seed may miss it: which world a seed makes changes with the code.
    const runs = await Promise.all(
      ['1', '2', '4'].map((seed) => world('--seed', seed, '--mutation', 'on-meter-when-presented', ...SHORT)),
    );
    const caught = runs.filter(({ code, stderr }) => code === 1 && stderr.includes('was told on-meter'));
    expect(caught.length).toBeGreaterThan(0);
  });

  it('shrinks a world that failed, and the command that it prints fails in the same way', async () => {
    const bug = ['--mutation', 'credit-before-mark'];
    const { code, stderr } = await world('--seeds', '3', '--workers', '1', '--twice', '0', ...SHORT, ...bug);
    expect(code).toBe(1);
    const shortest = /^shortest: npm run world -- (.*) --trace$/m.exec(stderr)?.[1] ?? '';
    expect(shortest).toMatch(/^--seed \d+ --only \S+ --troubled-ms \d+ --mutation credit-before-mark$/);
    const again = await world(...shortest.split(' '));
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('I3: meter')]);
  }, 120_000);

  it('says what is wrong with its command line', async () => {
    expect(await world('--only', 'plague')).toMatchObject({ code: 2 });
    expect(await world('--seeds', 'many')).toMatchObject({ code: 2 });
    expect(await world('--seed', '1', '--mutation', 'nope')).toMatchObject({ code: 2 });
  });
});
