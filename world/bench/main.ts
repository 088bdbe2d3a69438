import { cpus, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { benchRedeem } from './redeem.ts';

/** `npm run bench -- redeem [--json]`: figures on stdout, progress on stderr. */

const BENCHES = { redeem: benchRedeem };
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
  options: { json: { type: 'boolean', default: false } },
});
const [name] = positionals;
if (!isBench(name)) {
  process.stderr.write(`Usage: npm run bench -- ${Object.keys(BENCHES).join('|')} [--json]\n`);
  process.exit(2);
}
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const report = { bench: name, machine: machine(), ...(await BENCHES[name](say)) };
process.stdout.write(`${JSON.stringify(report, undefined, values.json ? undefined : 2)}\n`);
process.exit(0);
