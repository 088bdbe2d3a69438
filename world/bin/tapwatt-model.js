#!/usr/bin/env node
/** `npm run model`: the redemption protocol explored exhaustively within stated bounds. */
import { underNode24 } from '../../scripts/with-node24.js';

await underNode24(import.meta.url, () => import('../src/model/main.ts'));
