#!/usr/bin/env node
/** Simulated meters and handsets: src/main.ts under Node 24. */
import { underNode24 } from '../../scripts/with-node24.js';

await underNode24(import.meta.url, () => import('../src/main.ts'));
