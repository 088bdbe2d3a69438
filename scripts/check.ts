/**
 * `npm run check`: everything that must hold before a change goes in.
 *
 *     npm run check                        all of it
 *     npm run check -- --without-tests     what the test run does not cover
 *     npm run check -- --only types,links  some of it
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkDiskAndNetwork } from './checks/disk-and-network.ts';
import { checkNpmCommands } from './checks/doc-commands.ts';
import { checkDocCommands } from './checks/doc-commands-run.ts';
import { checkDocLinks } from './checks/doc-links.ts';
import { type Finding, formatFinding } from './checks/finding.ts';
import { checkImports } from './checks/import-rule.ts';
import { checkMachineEdges } from './checks/machine-edges.ts';
import { checkPureCores } from './checks/pure-cores.ts';
import { fromCommand, fromFindings, type StepResult } from './checks/run-step.ts';
import { readTree, type SourceTree } from './checks/source-tree.ts';
import { checkUnused } from './checks/unused.ts';

interface Step {
  readonly name: string;
  readonly what: string;
  readonly run: (tree: SourceTree) => Promise<StepResult> | StepResult;
}

const MINUTE_MS = 60_000;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bin = (name: string) => [process.execPath, path.join(root, 'scripts/with-node24.js'), name];
const script = (file: string, ...args: string[]) =>
  fromCommand([process.execPath, file, ...args], 2 * MINUTE_MS);
const findings = (check: (tree: SourceTree) => Finding[]) => (tree: SourceTree) =>
  fromFindings(check(tree), formatFinding);

/** Scripts that write a document or data file from the code, and say with `--check` whether it is in step. */
const GENERATORS = ['scripts/generate-error-docs.ts', 'firmware-contracts/vectors/generate.ts'];

const STEPS: readonly Step[] = [
  {
    name: 'lint',
    what: 'format and lint (Biome)',
    run: () => fromCommand([...bin('biome'), 'check', '--error-on-warnings', '.'], MINUTE_MS),
  },
  { name: 'types', what: 'types (tsc)', run: () => fromCommand([...bin('tsc'), '--noEmit'], 3 * MINUTE_MS) },
  { name: 'imports', what: 'who imports whom', run: findings(checkImports) },
  { name: 'pure', what: 'no clock, randomness or I/O in the cores', run: findings(checkPureCores) },
  { name: 'edges', what: 'clock, timers and chance only at the edges', run: findings(checkMachineEdges) },
  {
    name: 'openings',
    what: 'files, sockets and processes only at the edges',
    run: findings(checkDiskAndNetwork),
  },
  { name: 'unused', what: 'no unused files or exports', run: findings(checkUnused) },
  { name: 'links', what: 'links in documents lead somewhere', run: findings(checkDocLinks) },
  { name: 'npm', what: 'npm commands in documents exist', run: findings(checkNpmCommands) },
  { name: 'commands', what: 'tapwatt commands in documents exist', run: checkDocCommands },
  { name: 'generated', what: 'generated documents and vectors are in step', run: checkGenerated },
  {
    name: 'tests',
    what: 'tests (Vitest)',
    run: () => fromCommand([...bin('vitest'), 'run'], 15 * MINUTE_MS),
  },
];

async function checkGenerated(): Promise<StepResult> {
  const details: string[] = [];
  for (const file of GENERATORS) {
    const missing = { ok: false, summary: '', details: [`${file} does not exist`] };
    const result = existsSync(path.join(root, file)) ? await script(file, '--check') : missing;
    if (!result.ok) details.push(`${file} --check:`, ...result.details);
  }
  return { ok: details.length === 0, summary: details.length === 0 ? 'clean' : 'out of step', details };
}

function chosenSteps(): readonly Step[] {
  const { values } = parseArgs({
    options: { only: { type: 'string' }, 'without-tests': { type: 'boolean' } },
  });
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !STEPS.some((step) => step.name === name)) ?? [];
  if (unknown.length > 0) {
    console.error(
      `check: no step ${unknown.join(', ')}; there are ${STEPS.map((step) => step.name).join(', ')}`,
    );
    process.exit(2);
  }
  return STEPS.filter(
    ({ name }) => (only?.includes(name) ?? true) && !(values['without-tests'] && name === 'tests'),
  );
}

async function main(): Promise<number> {
  process.chdir(root);
  const tree = readTree(root);
  const steps = chosenSteps();
  const failed: string[] = [];
  for (const [number, step] of steps.entries()) {
    console.log(`[${number + 1}/${steps.length}] ${step.name}: ${step.what} …`);
    const startedAt = performance.now();
    const result = await step.run(tree);
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    for (const line of result.details) console.log(`      ${line}`);
    console.log(`      ${result.ok ? 'ok' : 'FAILED'}: ${result.summary} (${seconds} s)`);
    if (!result.ok) failed.push(step.name);
  }
  console.log(
    failed.length === 0 ? `check: all ${steps.length} clean` : `check: ${failed.join(', ')} failed`,
  );
  return failed.length === 0 ? 0 : 1;
}

process.exitCode = await main();
