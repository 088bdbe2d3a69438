import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchFabric } from './fabric/main.ts';
import { benchLinks } from './links/main.ts';
import { benchMemory } from './memory.ts';
import { benchRedeem } from './redeem.ts';
import { benchSweep } from './sweep.ts';

/**
 * `npm run bench -- redeem [--size N] [--json]`: figures on stdout, progress on stderr. `fabric` and `links` may be
 * followed by some of their parts. The size of `fabric` is how long the ledger is away, in minutes.
 */

const BENCHES = {
  redeem: benchRedeem,
  sweep: benchSweep,
  memory: benchMemory,
  fabric: benchFabric,
  links: benchLinks,
};
type BenchName = keyof typeof BENCHES;

const machine = () => ({
  cpus: cpus().length,
  model: cpus()[0]?.model.trim(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
});

const isBench = (name: string | undefined): name is BenchName => name !== undefined && name in BENCHES;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, size: { type: 'string' } },
});
const [name, ...parts] = positionals;
if (!isBench(name)) {
  process.stderr.write(
    `Usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [PART …] [--size N] [--json]\n`,
  );
  process.exit(2);
}
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const report = {
  bench: name,
  machine: machine(),
  ...(await BENCHES[name](say, values.size === undefined ? undefined : Number(values.size), parts)),
};
process.stdout.write(`${JSON.stringify(report, undefined, values.json ? undefined : 2)}\n`);
process.exit(0);
