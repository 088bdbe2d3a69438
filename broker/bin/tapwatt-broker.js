#!/usr/bin/env node
/** The devices' MQTT broker in a process of its own: src/main.ts under Node 24. */
import module from 'node:module';
import { underNode24 } from '../../scripts/with-node24.js';

await underNode24(import.meta.url, () => {
  module.enableCompileCache();
  return import('../src/main.ts');
});
