import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from './mutations.ts';
import { edited } from './plant.ts';

describe('the planted bugs', () => {
  it.each(Object.entries(MUTATIONS))(
    '%s still changes the text that it was written for',
    (_name, mutation) => {
      for (const { file } of mutation.edits) {
        const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), 'utf8');
        expect(edited(mutation.edits, file, text)).not.toBe(text);
      }
    },
  );
});
