/**
 * `npm run fabric:up|down|status|logs`: a Fabric network of three organisations on this machine.
 *
 * Data on stdout, narration on stderr. Exit status: 0 done · 1 failed · 2 usage · 3 something is missing here ·
 * 4 something does not answer.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { defineChaincode } from '../deploy/fabric/network/deploy-chaincode.ts';
import { bringDown } from '../deploy/fabric/network/down.ts';
import { Layout } from '../deploy/fabric/network/layout.ts';
import { withLock } from '../deploy/fabric/network/lock.ts';
import { showLogs } from '../deploy/fabric/network/logs.ts';
import { makeMaterial } from '../deploy/fabric/network/material.ts';
import { NetworkError, type NetworkErrorKind } from '../deploy/fabric/network/network-error.ts';
import { readPlan } from '../deploy/fabric/network/plan-file.ts';
import { findPrograms, TOOLS } from '../deploy/fabric/network/programs.ts';
import { sayingProgress } from '../deploy/fabric/network/progress.ts';
import { awaitNodes } from '../deploy/fabric/network/readiness.ts';
import { type NetworkStatus, statusOf } from '../deploy/fabric/network/status.ts';
import { bringUp, found } from '../deploy/fabric/network/up.ts';

const USAGE = `Usage: npm run fabric:up|down|status|logs -- [options]
  --directory DIR     where the network is kept (data/fabric; or FABRIC_DIRECTORY)
  --json              the answer as JSON
up:
  --first-port N      the first of the ports of a new network (any free ones)
  --orderers N        orderers of a new network, 1 to 5 (1)
  --chaincode FILE    the script that serves the chaincode (chaincode/bin/tapwatt-chaincode.js)
down:
  --wipe              remove the network's data as well
logs:
  --follow            go on as lines are written
  NAME …              of these processes only
define NAME           the same chaincode under another name on the channel: another, empty ledger
material PLAN.json    only certificates, keys, first block and packages, for a network that runs elsewhere
found                 join the channel and define the chaincode on the nodes that the plan names
`;

const OPTIONS = {
  directory: { type: 'string' },
  json: { type: 'boolean', default: false },
  'first-port': { type: 'string' },
  orderers: { type: 'string', default: '1' },
  chaincode: { type: 'string' },
  wipe: { type: 'boolean', default: false },
  follow: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const satisfies ParseArgsConfig['options'];

const EXIT_USAGE = 2;
const EXIT_CODES: Readonly<Record<NetworkErrorKind, number>> = {
  failed: 1,
  configuration: 3,
  unreachable: 4,
};

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const CHAINCODE = path.join(root, 'chaincode/bin/tapwatt-chaincode.js');
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const printJson = (value: unknown): void => print(JSON.stringify(value));

function readCommandLine() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  const [command = '', ...names] = positionals;
  const layout = new Layout(path.resolve(values.directory ?? process.env.FABRIC_DIRECTORY ?? 'data/fabric'));
  return { command, names, values, layout };
}

type CommandLine = ReturnType<typeof readCommandLine>;

const COMMANDS: Readonly<Record<string, (line: CommandLine) => Promise<void>>> = {
  up,
  down,
  status,
  logs: ({ layout, names, values }) => showLogs(layout, { names, follow: values.follow }),
  define,
  material,
  found: foundElsewhere,
};

async function up({ layout, values }: CommandLine): Promise<void> {
  const firstPort = wholeNumber('--first-port', values['first-port'], [1_024, 65_000]);
  const orderers = wholeNumber('--orderers', values.orderers, [1, 5]) ?? 1;
  const programs = findPrograms(process.env);
  const chaincodeProgram = path.resolve(values.chaincode ?? CHAINCODE);
  if (!existsSync(chaincodeProgram)) {
    throw new NetworkError('configuration', `There is no ${chaincodeProgram}.`);
  }
  const startedAt = performance.now();
  say(`Fabric in ${layout.directory}:`);
  const progress = sayingProgress(say);
  await withLock(layout, () =>
    bringUp({ layout, programs, chaincodeProgram, firstPort, orderers, progress }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  say(`  ${seconds.toFixed(2).padStart(5)} s  in all. Clients read ${layout.networkFile()}.`);
  if (values.json) printJson({ seconds, ...(await statusOf(layout)) });
}

async function down({ layout, values }: CommandLine): Promise<void> {
  const stopped = await withLock(layout, () => bringDown(layout, values));
  say(`${stopped} processes stopped${values.wipe ? ', all data removed' : '; the data stays'}.`);
  if (values.json) printJson({ stopped, wiped: values.wipe });
}

async function status({ layout, values }: CommandLine): Promise<void> {
  const found = await statusOf(layout);
  if (values.json) printJson(found);
  else printStatus(found);
  if (found.state !== 'running') process.exitCode = EXIT_CODES.unreachable;
}

function printStatus({ state, network, nodes }: NetworkStatus): void {
  print(network === undefined ? `${state}: npm run fabric:up makes a network` : `${state}, ${network}`);
  for (const { name, address, pid, listening, blocks, isLeader } of nodes) {
    const does = pid === undefined ? 'stopped' : listening ? `pid ${pid}` : `pid ${pid}, does not listen`;
    const more = [blocks === undefined ? '' : `${blocks} blocks`, isLeader ? 'leader' : ''];
    print(`  ${name.padEnd(18)} ${address.padEnd(22)} ${[does, ...more].filter(Boolean).join(', ')}`);
  }
}

async function define({ layout, names: [name] }: CommandLine): Promise<void> {
  if (name === undefined) throw new TypeError('define: the name of a chaincode is missing.');
  const plan = await requirePlan(layout);
  await defineChaincode(name, { plan, layout, programs: findPrograms(process.env, TOOLS) });
  say(`${name} is defined on ${plan.channel}.`);
}

async function material({ layout, names: [planFile] }: CommandLine): Promise<void> {
  if (planFile === undefined) throw new TypeError('material: the file of a plan is missing.');
  if ((await readPlan(layout.planFile())) !== undefined)
    return say(`${layout.directory} has its material already.`);
  const plan = await readPlan(path.resolve(planFile));
  if (plan === undefined) throw new NetworkError('configuration', `There is no ${planFile}.`);
  await withLock(layout, () => makeMaterial(plan, layout, findPrograms(process.env, TOOLS)));
  say(`Certificates, keys, the first block and the packages are in ${layout.directory}.`);
}

async function foundElsewhere({ layout }: CommandLine): Promise<void> {
  const plan = await requirePlan(layout);
  const programs = findPrograms(process.env, TOOLS);
  await awaitNodes(plan);
  await found({ plan, layout, programs }, sayingProgress(say));
}

async function requirePlan(layout: Layout) {
  const plan = await readPlan(layout.planFile());
  if (plan === undefined) throw new NetworkError('configuration', `${layout.directory} holds no network.`);
  return plan;
}

function wholeNumber(name: string, text: string | undefined, [min, max]: readonly [number, number]) {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value >= min && value <= max) return value;
  throw new TypeError(`${name}: a whole number from ${min} to ${max}.`);
}

/** Answers the exit status. */
async function main(): Promise<number> {
  try {
    const line = readCommandLine();
    const run = COMMANDS[line.command];
    if (line.values.help) {
      print(USAGE);
      return 0;
    }
    if (run === undefined) throw new TypeError(`There is no command "${line.command}".`);
    await run(line);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof NetworkError) {
      say(`fabric: ${error.message}`);
      return EXIT_CODES[error.kind];
    }
    if (!(error instanceof TypeError)) throw error;
    say(`fabric: ${error.message}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
}

// Whoever reads it, as `head` does, may have enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await main();
