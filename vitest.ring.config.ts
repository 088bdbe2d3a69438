import { defineConfig } from 'vitest/config';
import { reporters } from './scripts/reporters.ts';

const RINGS = [
  'kill',
  'disk',
  'world',
  'mosquitto',
  'model',
  'spin',
  'counterpart',
  'fabric',
  'influx',
  'nfc',
  'serial',
];
const MINUTE_MS = 60_000;

/** A slower ring, named by `--mode`: real processes and real servers, one file after another. */
export default defineConfig(({ mode }) => {
  if (!RINGS.includes(mode))
    throw new Error(`--mode names a ring: one of ${RINGS.join(', ')}, not "${mode}"`);
  return {
    test: {
      include: [`*/{src,test,examples}/**/*.${mode}.ring.ts`],
      reporters: reporters(mode),
      globalSetup: ['fabric', 'nfc'].includes(mode) ? [`scripts/${mode}-ring-setup.ts`] : [],
      fileParallelism: false,
      testTimeout: 20 * MINUTE_MS,
      hookTimeout: 2 * MINUTE_MS,
      teardownTimeout: MINUTE_MS,
      passWithNoTests: false,
    },
  };
});
