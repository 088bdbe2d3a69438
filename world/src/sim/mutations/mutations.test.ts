import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MUTATIONS } from './mutations.ts';
import { mutated } from './plant.ts';

describe('the planted bugs', () => {
  it.each(Object.entries(MUTATIONS))(
    '%s still changes the text that it was written for',
    (_name, mutation) => {
      const text = readFileSync(new URL(`../../../../${mutation.file}`, import.meta.url), 'utf8');
      expect(mutated(mutation, text)).not.toBe(text);
    },
  );
});
