#!/usr/bin/env node
// Runs src/main.ts, which needs Node 24 or newer: with this Node where it will do, else with the repository's own.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED_MAJOR = 24;
const mainUrl = new URL('../src/main.ts', import.meta.url);
const main = fileURLToPath(mainUrl);

const repositoryNode = () => {
  for (let folder = dirname(main); ; folder = dirname(folder)) {
    const node = join(folder, 'node_modules', '.bin', process.platform === 'win32' ? 'node.exe' : 'node');
    if (existsSync(node)) return node;
    if (folder === dirname(folder)) return undefined;
  }
};

const runWith = (node) => {
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`tapwatt-sim: cannot start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code) => process.exit(code ?? 1));
};

if (Number(process.versions.node.split('.')[0]) >= NEEDED_MAJOR) {
  await import(mainUrl.href);
} else {
  const node = repositoryNode();
  if (node !== undefined) runWith(node);
  else {
    console.error(
      `tapwatt-sim needs Node ${NEEDED_MAJOR} or newer; this is ${process.version}. ` +
        'Run "npm ci" in the repository, which brings one, or install Node 24 from https://nodejs.org.',
    );
    process.exitCode = 3;
  }
}
