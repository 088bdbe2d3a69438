#!/usr/bin/env node
import { underNode24 } from '../../scripts/with-node24.js';

await underNode24(import.meta.url, async () => {
  const { runWorlds } = await import('../src/sim/main.ts');
  const code = await runWorlds(process.argv.slice(2));
  // What dead processes of a world left behind keeps nobody waiting.
  process.stdout.write('', () => process.exit(code));
});
