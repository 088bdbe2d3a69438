import { describe, expect, test } from 'vitest';
import { checkMachineEdges } from './machine-edges.ts';
import { treeOf } from './source-tree.ts';

const ENGINE = 'broker/src/engine.ts';

function messages(file: string, text: string): string[] {
  return checkMachineEdges(treeOf({ [file]: text }))
    .filter((finding) => finding.file === file)
    .map(({ message, line }) => `${line}: ${message.split(';')[0]}`);
}

describe('wherever it is not declared an edge, found is', () => {
  test.each([
    ['const at = Date.now();', 'Date.now reads the clock'],
    ['const at = new Date();', 'Date, taken whole, reads the clock'],
    ['const at = new Date(...parts);', 'Date, taken whole, reads the clock'],
    ['const at = Date();', 'Date, taken whole, reads the clock'],
    ['const { now } = Date;', 'Date.now reads the clock'],
    ['const { now: later, ...rest } = Date as DateConstructor;', 'Date.now reads the clock'],
    ['class Moment extends Date {}', 'Date, taken whole, reads the clock'],
    [`const at = Date['now']();`, 'Date.now reads the clock'],
    ['const at = Date[name]();', 'Date, taken whole, reads the clock'],
    ['const at = Date?.now?.();', 'Date.now reads the clock'],
    ['const at = performance.now();', 'performance.now reads the clock'],
    ['const at = globalThis.performance.now();', 'performance.now reads the clock'],
    ['const at = process.hrtime.bigint();', 'process.hrtime reads the clock'],
    ['const { hrtime } = process;', 'process.hrtime reads the clock'],
    [`import { hrtime } from 'node:process';`, 'process.hrtime reads the clock'],
    [`import { performance } from 'node:perf_hooks';`, 'perf_hooks.performance reads the clock'],
  ])('a clock: %s', (text, message) => {
    expect(messages(ENGINE, text)[0]).toBe(`1: ${message}`);
  });

  test.each([
    ['setTimeout(run, 5);', 'setTimeout sets a timer'],
    ['globalThis.setTimeout(run, 5);', 'setTimeout sets a timer'],
    [`globalThis['setInterval'](run, 5);`, 'setInterval sets a timer'],
    ['const later = setTimeout;', 'setTimeout sets a timer'],
    ['const wait = promisify(setTimeout);', 'setTimeout sets a timer'],
    ['const clock = { after: setTimeout };', 'setTimeout sets a timer'],
    ['const clock = { setTimeout };', 'setTimeout sets a timer'],
    ['export { setTimeout as later };', 'setTimeout sets a timer'],
    ['const { setTimeout: later } = globalThis;', 'setTimeout sets a timer'],
    ['const run = ({ setTimeout: later } = globalThis) => later;', 'setTimeout sets a timer'],
    ['let later; ({ setTimeout: later } = globalThis);', 'setTimeout sets a timer'],
    ['const everything = globalThis;', 'globalThis, taken whole, gives the whole machine'],
    ['const one = globalThis[name];', 'globalThis, taken whole, gives the whole machine'],
    ['declare function setTimeout(run: () => void): void; setTimeout(run);', 'setTimeout sets a timer'],
    ['setImmediate(run);', 'setImmediate waits for a turn of the event loop'],
    ['AbortSignal.timeout(5);', 'AbortSignal.timeout sets a timer'],
    ['const { timeout } = AbortSignal;', 'AbortSignal.timeout sets a timer'],
    [
      `import { setTimeout as pause } from 'node:timers/promises';`,
      'timers/promises.setTimeout sets a timer',
    ],
    [`import { scheduler } from 'node:timers/promises';`, 'timers/promises.scheduler sets a timer'],
    [`import timers from 'timers';`, 'timers sets a timer'],
    [`import * as timers from 'node:timers';`, 'timers sets a timer'],
    [`export * from 'node:timers';`, 'timers sets a timer'],
    [`export { setTimeout as later } from 'node:timers';`, 'timers.setTimeout sets a timer'],
    [`const timers = await import('node:timers');`, 'timers sets a timer'],
    [`const timers = require('timers');`, 'timers sets a timer'],
    ['const timers = process.getBuiltinModule(`timers`);', 'timers sets a timer'],
    [`const load = createRequire(here); load('node:timers');`, 'timers sets a timer'],
  ])('a timer: %s', (text, message) => {
    expect(messages(ENGINE, text)).toEqual([`1: ${message}`]);
  });

  test.each([
    ['Math.random();', 'Math.random makes randomness'],
    ['const { random } = Math;', 'Math.random makes randomness'],
    ['const maths = Math;', 'Math, taken whole, makes randomness'],
    ['crypto.randomUUID();', 'crypto.randomUUID makes randomness'],
    ['globalThis.crypto.getRandomValues(bytes);', 'crypto.getRandomValues makes randomness'],
    ['const { crypto: { randomUUID } } = globalThis;', 'crypto.randomUUID makes randomness'],
    [`import { randomBytes as r } from 'node:crypto';`, 'crypto.randomBytes makes randomness'],
    [`import { generateKeyPairSync } from 'crypto';`, 'crypto.generateKeyPairSync makes randomness'],
    [`import crypto from 'node:crypto';`, 'crypto, taken whole, makes randomness'],
    [`import { default as c } from 'node:crypto';`, 'crypto, taken whole, makes randomness'],
  ])('chance: %s', (text, message) => {
    expect(messages(ENGINE, text)).toEqual([`1: ${message}`]);
  });
});

test('it is said on which line, whatever letters and comments stand before', () => {
  expect(messages(ENGINE, `// für 5 € 🔌 Date.now\nconst text = 'Ω Date.now()';\n\nMath.random();`)).toEqual([
    '4: Math.random makes randomness',
  ]);
});

test.each([
  'socket.setTimeout(5);',
  'const timers = { setTimeout: 5, Date: 6 };',
  'class Socket { setTimeout() {} }',
  'const at = new Date(0).toISOString();',
  'const at = Date.parse(text) + Date.UTC(2026);',
  'const isDate = at instanceof Date;',
  `const isPage = typeof setImmediate === 'undefined';`,
  'type Later = typeof setTimeout; let at: Date;',
  'queueMicrotask(run); structuredClone(data); clearTimeout(timer);',
  'function wait(setTimeout: Later) { setTimeout(run, 5); }',
  'const run = ({ performance }: Meter) => performance.now();',
  'import { setTimeout } from "./time.ts"; setTimeout(run, 5);',
  'for (const Date of dates) show(Date);',
  `import type { Immediate } from 'node:timers';`,
  `import { type Timeout } from 'node:timers';`,
  `import { createHash } from 'node:crypto'; createHash('sha256');`,
  'const at = Math.max(1, 2); crypto.subtle.digest(name, bytes); process.exit(1);',
])('no use of the machine is %s', (text) => {
  expect(messages(ENGINE, text)).toEqual([]);
});

test('a name that is declared elsewhere in the file is still the machine’s outside of there', () => {
  const text = '{ const setTimeout = own; setTimeout(run); }\nsetTimeout(run);';
  expect(messages(ENGINE, text)).toEqual(['2: setTimeout sets a timer']);
});

test('the declared edges and tests may take them from the machine', () => {
  expect(messages('broker/src/system-time.ts', 'performance.now();')).toEqual([]);
  expect(messages('world/src/sim/run/crew.ts', 'setTimeout(run, 5);')).toEqual([]);
  expect(messages('broker/src/engine.test.ts', 'Date.now();')).toEqual([]);
});

test('an edge that takes nothing is none', () => {
  expect(messages('broker/src/system-time.ts', 'export const now = 5;')).toEqual([
    '1: declared an edge in architecture.ts, and takes nothing',
  ]);
});
