#!/usr/bin/env node
/** `npm start`: the gateway and the simulator as two processes, ready to look at. */
import { underNode24 } from '../../scripts/with-node24.js';

await underNode24(import.meta.url, () => import('../src/start.ts'));
