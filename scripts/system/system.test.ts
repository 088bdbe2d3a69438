import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Purpose, SYSTEM_PARTS, withWhatTheyNeed } from './parts.ts';
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
