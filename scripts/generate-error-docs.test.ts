import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { errorDocs } from './generate-error-docs.ts';

describe('docs/errors.md', () => {
  it('says of every code what the registry and the mappings say', async () => {
    expect(await readFile(new URL('../docs/errors.md', import.meta.url), 'utf8')).toBe(errorDocs());
  });
});
