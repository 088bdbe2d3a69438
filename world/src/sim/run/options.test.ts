import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('the options of npm run world', () => {
  it('ask for every crash point only where nothing makes the run shorter or other than it is by itself', () => {
    for (const full of [[], ['--report', 'FILE'], ['--workers', '1'], ['--base-seed', '9', '--twice', '3']])
      expect(readOptions(full)?.isFull, full.join(' ')).toBe(true);
    for (const part of [
      ['--seeds', '9'],
      ['--minutes', '9'],
      ['--seed', '9'],
      ['--ledger', 'embedded'],
    ])
      expect(readOptions(part)?.isFull, part.join(' ')).toBe(false);
  });

  it('end a hunt by time only where a time is given to it', () => {
    expect(readOptions(['--mutations'])?.huntMinutes).toBe(Number.POSITIVE_INFINITY);
    expect(readOptions(['--mutations', '--minutes', '4'])?.huntMinutes).toBe(4);
    expect(readOptions(['--report', 'FILE', '--minutes', '4'])).toMatchObject({
      minutes: 4,
      huntMinutes: Number.POSITIVE_INFINITY,
    });
  });

  it('hunt from fresh seeds when what they find is kept', () => {
    expect(readOptions(['--mutations'])).toMatchObject({ fresh: false, keepHints: false });
    expect(readOptions(['--mutations', '--fresh'])).toMatchObject({ fresh: true, keepHints: false });
    expect(readOptions(['--mutations', '--keep-hints'])).toMatchObject({ fresh: true, keepHints: true });
  });
});
