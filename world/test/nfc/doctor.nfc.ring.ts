import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type PcscDaemon, pcscDaemon, READERS } from './pcsc-daemon.ts';

const PROGRAM = join(import.meta.dirname, '../../../gateway/bin/tapwatt.js');

interface Finding {
  readonly what: string;
  readonly state: string;
  readonly says: string;
  readonly remedy?: string;
}

let directory: string;
let daemon: PcscDaemon;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tw-'));
  daemon = pcscDaemon();
  const config = ['links:', '  nfc:', '    enabled: true', '    meterReaders: ["*00 00"]'];
  await writeFile(join(directory, 'tapwatt.yaml'), `${config.join('\n')}\n`);
});
afterEach(async () => {
  await daemon.close();
  await rm(directory, { recursive: true, force: true });
});

const doctor = (): Promise<{ code: number; findings: readonly Finding[] }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, 'doctor', '--json'], { cwd: directory }, (error, stdout) => {
      const code = typeof error?.code === 'number' ? error.code : 0;
      resolve({ code, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings });
    });
  });

it('tells what is missing, and then which readers there are and what for', async () => {
  const before = await doctor();
  expect(before.code).toBe(1);
  expect(before.findings.find(({ what }) => what === 'pcscd')).toMatchObject({ state: 'trouble' });
  await daemon.start();
  const after = await doctor();
  expect(after.code).toBe(0);
  const readers = after.findings.filter(({ what }) => what === 'NFC readers');
  expect(readers).toMatchObject([
    { state: 'ok', says: `${READERS[0]?.name}: meter.` },
    { state: 'note', says: `${READERS[1]?.name}: no name of the configuration fits.` },
  ]);
});
