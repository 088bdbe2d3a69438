#!/usr/bin/env node
/** The command line of the gateway: src/cli/main.ts under Node 24. */
import { underNode24 } from '../../scripts/with-node24.js';

await underNode24(import.meta.url, () => import('../src/cli/main.ts'));
