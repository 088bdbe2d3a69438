import { replaceGlobals } from './kernel/globals.ts';

replaceGlobals();
const { runSeed } = await import('./run-seed.ts');
const from = Number(process.argv[2]);
const to = Number(process.argv[3] ?? from);
const t0 = process.hrtime.bigint();
for (let seed = from; seed <= to; seed++) {
  const r = await runSeed({ seed, ...(process.argv[4] === 'trace' ? { onTrace: (l: string) => void process.stdout.write(`${l}\n`) } : {}) });
  process.stderr.write(`${seed} ${r.hash.slice(0, 12)} ${r.events} ${(r.simulatedMs / 3.6e6).toFixed(2)}h ${Number(process.hrtime.bigint() - t0) / 1e9}s cpu ${(process.cpuUsage().user+process.cpuUsage().system)/1e6} ${JSON.stringify(r.work)} ${Object.values(r.faults).reduce((a, b) => a + b, 0)}\n`);
  for (const v of r.violations) process.stderr.write(`   ${v}\n`);
}
process.exit(0);
