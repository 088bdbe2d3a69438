import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { edited } from '../sim/mutations/plant.ts';
import { windowOf } from './scaled-window.ts';

test('the size of the window still stands once, where it is scaled', () => {
  const change = windowOf(2);
  const text = readFileSync(new URL(`../../../${change.file}`, import.meta.url), 'utf8');
  expect(edited([change], change.file, text)).toContain('const WINDOW_SIZE = 2;');
});
