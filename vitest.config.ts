import { defineConfig } from 'vitest/config';
import { reporters } from './scripts/reporters.ts';

/** The fast ring: every `*.test.ts` beside its code. Slower rings are `*.<ring>.ring.ts`, run by `npm run test:<ring>`. */
export default defineConfig({
  test: {
    include: ['*/{src,test,bench,bin,examples}/**/*.test.ts', '{scripts,deploy}/**/*.test.ts'],
    reporters: reporters('fast'),
    // Many files wait for processes and sockets: one worker less than processors, the default, leaves half of two idle.
    maxWorkers: '100%',
    // Nothing here keeps state in a module or replaces a global: files share a process, which halves what they take.
    isolate: false,
    // For what never ends, on a machine that others use too.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
