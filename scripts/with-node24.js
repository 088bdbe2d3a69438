#!/usr/bin/env node
/**
 * Runs the project under Node 24, whatever Node the host has. Plain JavaScript, because it must run on Node 20.
 *
 * As a command: `node scripts/with-node24.js vitest run` or `… scripts/check.ts`.
 * In a bin:     `await underNode24(import.meta.url, () => import('../src/main.ts'))`.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const MAJOR = 24;
const EXIT_FAILED = 1;
const INHERITED = ['inherit', 'inherit', 'inherit'];
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const require = createRequire(import.meta.url);

/**
 * The path of a Node 24 or later, or undefined. The package's own path is used, not node_modules/.bin/node:
 * npm 10 leaves that link out when it skips the package of the other processor.
 */
export function findNode24() {
  if (Number.parseInt(process.versions.node, 10) >= MAJOR) return process.execPath;
  try {
    return require.resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return undefined;
  }
}

/** Calls `run` under Node 24: here if this is one, else by running the same command line again under one. */
export async function underNode24(scriptUrl, run) {
  const node = findNode24();
  if (node === process.execPath) return run();
  return runBin(node, [fileURLToPath(scriptUrl), ...process.argv.slice(2)]);
}

/**
 * Runs a bin in this process's place: it gets every signal that asks to stop, and its channel to this process closes
 * when this one is gone. A Ctrl-C reaches it from the terminal too, which the bins take for the one that it is.
 */
export const runBin = (node, args) =>
  runAndExit(node, args, { stdio: [...INHERITED, 'ipc'], passedOn: ['SIGINT', 'SIGTERM', 'SIGHUP'] });

/** Runs a tool. A second Ctrl-C means something to some of them, so they get it from the terminal alone. */
const runTool = (node, args) => runAndExit(node, args, { stdio: INHERITED, passedOn: ['SIGTERM', 'SIGHUP'] });

function runAndExit(node, args, { stdio, passedOn }) {
  if (node === undefined) return failWithoutNode();
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(node, args, { stdio, env });
  child.once('error', (error) => {
    console.error(`tapwatt: cannot run ${node}: ${error.message}`);
    process.exit(EXIT_FAILED);
  });
  process.on('SIGINT', () => {}); // the child's end is this one's
  for (const signal of passedOn) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
  return new Promise(() => {});
}

function failWithoutNode() {
  console.error(
    `tapwatt needs Node ${MAJOR} or later; this is Node ${process.versions.node} on ${process.platform}-${process.arch}.\n` +
      'On Linux (x64, arm64) `npm ci` brings its own Node: run it here first, without --omit=optional.\n' +
      `On any other platform install Node ${MAJOR} or later.`,
  );
  process.exit(EXIT_FAILED);
}

/** The JavaScript or TypeScript file behind a command name: a path, a bin of an installed package; an option is Node's own. */
function fileOfCommand(command) {
  if (command.startsWith('-')) return command;
  if (/\.[cm]?[jt]s$/.test(command)) return path.resolve(command);
  const link = path.join(root, 'node_modules', '.bin', command);
  if (!existsSync(link)) {
    console.error(`tapwatt: no ${command} in node_modules: run \`npm ci\` first`);
    process.exit(EXIT_FAILED);
  }
  const file = realpathSync(link);
  const isNodeScript = /^#!.*\bnode\b/.test(readFileSync(file, 'latin1').slice(0, 64));
  if (!isNodeScript) throw new Error(`${file} is not a Node script`);
  return file;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [command, ...args] = process.argv.slice(2);
  if (command === undefined) {
    console.error('usage: node scripts/with-node24.js COMMAND [ARGUMENT…]');
    process.exit(2);
  }
  runTool(findNode24(), [fileOfCommand(command), ...args]);
}
