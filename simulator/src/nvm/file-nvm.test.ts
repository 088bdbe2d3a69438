import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fleetOf } from '../../test/fleet-of.ts';
import { provisioningOf } from '../fleet/from-fleet.ts';
import { openMeterFile } from '../fleet/meter-files.ts';
import { FileNvm } from './file-nvm.ts';
import { MeterMemory } from './meter-memory.ts';
import { TwoSlots } from './two-slots.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tapwatt-nvm-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const entry = () => {
  const [meter] = fleetOf(1, 1).meters;
  if (meter === undefined) throw new Error('no meter');
  return provisioningOf(meter);
};

describe('a memory in a file', () => {
  it('keeps its words for the next process', () => {
    const path = join(directory, 'a.nvm');
    writeFileSync(path, '');
    const words = TwoSlots.wordsFor(32);
    const first = new FileNvm(path, words);
    const slots = new TwoSlots(first);
    expect(slots.recover()).toBeUndefined();
    slots.commit(new Uint8Array([1, 2, 3]));
    first.close();
    expect(new TwoSlots(new FileNvm(path, words)).recover()).toEqual(new Uint8Array([1, 2, 3]));
  });

  it('is provisioned once, when there is no file yet', () => {
    const path = join(directory, 'meters', 'm.nvm');
    const { stored, charge } = new MeterMemory(openMeterFile(path, entry())).recover();
    expect(stored?.record).toMatchObject({ keyEpoch: 1, receiptNo: 0 });
    expect(charge?.charged).toBe(0n);
  });

  it('that was emptied or cut short is never taken for new', () => {
    const path = join(directory, 'm.nvm');
    openMeterFile(path, entry()).close();
    truncateSync(path, 101);
    expect(new MeterMemory(openMeterFile(path, entry())).recover().stored).toBeUndefined();
    truncateSync(path, 0);
    expect(new MeterMemory(openMeterFile(path, entry())).recover()).toEqual({
      stored: undefined,
      charge: undefined,
    });
  });
});
