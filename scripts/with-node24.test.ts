import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const withNode24 = path.join(path.dirname(fileURLToPath(import.meta.url)), 'with-node24.js');

/** A bin that says what it is told, and ends by it. */
const BIN = `
  process.on('SIGINT', () => { console.log('SIGINT'); process.exit(3); });
  process.on('disconnect', () => { console.log('alone'); process.exit(4); });
  setTimeout(() => process.exit(5), 15_000);
  console.log('ready');`;

/** Starts it as a host's older Node does: through a process in whose place it runs. */
async function startBin() {
  const script = `
    const { runBin } = await import(${JSON.stringify(withNode24)});
    runBin(process.execPath, ['--eval', ${JSON.stringify(BIN)}]);`;
  const outer = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = createInterface(outer.stdout)[Symbol.asyncIterator]();
  expect((await said.next()).value).toBe('ready');
  return { outer, said };
}

const exitCode = async (child: ChildProcess): Promise<unknown> => (await once(child, 'exit'))[0];

test('an interrupt of the process in whose place a bin runs reaches the bin', async () => {
  const { outer, said } = await startBin();
  const ended = exitCode(outer);
  outer.kill('SIGINT');
  expect((await said.next()).value).toBe('SIGINT');
  expect(await ended).toBe(3);
});

test('a bin hears when the process in whose place it runs is killed', async () => {
  const { outer, said } = await startBin();
  outer.kill('SIGKILL');
  expect((await said.next()).value).toBe('alone');
});
