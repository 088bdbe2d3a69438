import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { addOnTrouble, NOT_INSTALLED } from './add-ons.ts';
import { type Purpose, SYSTEM_PARTS, withWhatTheyNeed } from './parts.ts';
import { commandTrouble } from './run-command.ts';
import { withdrawVirtualReaders } from './virtual-readers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tw-system-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const packagesFor = (purpose: Purpose): readonly string[] =>
  SYSTEM_PARTS.filter((part) => part.for.some((one) => withWhatTheyNeed([purpose]).includes(one))).flatMap(
    ({ packages }) => packages,
  );

describe('what readers need', () => {
  it('has no driver of tests in it, and their ring needs all of it', () => {
    const real = packagesFor('nfc');
    expect(real).toContain('pcscd');
    expect(real).not.toContain('vsmartcard-vpcd');
    expect(packagesFor('nfc-ring')).toEqual(expect.arrayContaining([...real, 'vsmartcard-vpcd', 'iproute2']));
  });

  it('leaves no virtual readers to the daemon of the machine, and says so', () => {
    const file = join(folder, 'vpcd');
    writeFileSync(file, '');
    const said: string[] = [];
    withdrawVirtualReaders((line) => said.push(line), file);
    withdrawVirtualReaders((line) => said.push(line), file);
    expect(existsSync(file)).toBe(false);
    expect(said).toEqual([expect.stringContaining(`removed ${file}`)]);
  });
});

describe('what cannot be set up', () => {
  it('is an add-on that npm did not install', () => {
    expect(addOnTrouble({ name: '@tapwatt/no-such-add-on', for: 'nfc', build: 'build:nfc' })).toBe(
      NOT_INSTALLED,
    );
  });

  it('is told with the command that failed, and how', () => {
    expect(commandTrouble('true', [])).toBeUndefined();
    expect(commandTrouble('sh', ['-c', 'exit 3'])).toBe('sh -c exit 3 failed (exit 3)');
    expect(commandTrouble(join(folder, 'none'), ['x'])).toMatch(/none x failed \(.*ENOENT/);
  });
});
