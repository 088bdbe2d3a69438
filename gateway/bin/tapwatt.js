#!/usr/bin/env node
/** The command line of the gateway: src/cli/main.ts under Node 24. */
import module from 'node:module';
import { underNode24 } from '../../scripts/with-node24.js';

await underNode24(import.meta.url, () => {
  // Small commands spend most of their time on types to be stripped and code to be compiled.
  module.enableCompileCache();
  return import('../src/cli/main.ts');
});
