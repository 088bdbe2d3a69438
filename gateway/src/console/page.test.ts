import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PAGE = fileURLToPath(new URL('./page/', import.meta.url));
const PROJECT = fileURLToPath(new URL('./tsconfig.json', import.meta.url));
const typescript = dirname(createRequire(import.meta.url).resolve('typescript/package.json'));

describe('the page', () => {
  it('has no type error', async () => {
    const args = [join(typescript, 'bin', 'tsc'), '-p', PROJECT];
    const output = await new Promise((resolve) =>
      execFile(process.execPath, args, (_error, stdout) => resolve(stdout)),
    );
    expect(output).toBe('');
  }, 60_000);

  it('loads nothing from elsewhere, runs nothing inline and writes no HTML', async () => {
    for (const name of await readdir(PAGE)) {
      const text = (await readFile(join(PAGE, name), 'utf8')).replaceAll('http://www.w3.org/2000/svg', '');
      expect(text, name).not.toMatch(
        /https?:|innerHTML|insertAdjacentHTML|\son[a-z]+=|\sstyle=|@import|eval\(/,
      );
      if (name.endsWith('.js')) expect(text.startsWith('// @ts-check'), name).toBe(true);
    }
  });

  it('finds every element that its scripts ask for', async () => {
    const html = await readFile(join(PAGE, 'index.html'), 'utf8');
    for (const name of (await readdir(PAGE)).filter((file) => file.endsWith('.js'))) {
      const text = await readFile(join(PAGE, name), 'utf8');
      for (const [, id] of text.matchAll(/ById\('([a-z-]+)'\)/g))
        expect(html, `${name}: ${id}`).toContain(`id="${id}"`);
    }
  });
});
