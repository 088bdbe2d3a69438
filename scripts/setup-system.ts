import { execFileSync } from 'node:child_process';
import { findMissing } from './system/find-missing.ts';
import { hasProgram, PURPOSES, type Purpose, withWhatTheyNeed } from './system/parts.ts';
import { withdrawVirtualReaders } from './system/virtual-readers.ts';

/**
 * `npm run setup:system [-- nfc serial …]`: what the operating system must have for readers, lines, tokens and the rings
 * that test them (`nfc` is what a gateway with readers needs, `nfc-ring` has virtual ones). Installs it where it may (root, on Debian), names it otherwise; compiles the native add-ons.
 * Exit 0 when everything is there, 1 when something is missing, 2 for a purpose that there is not.
 */
const INSTALL_DEADLINE_MS = 10 * 60_000;

const isPurpose = (word: string): word is Purpose => (PURPOSES as readonly string[]).includes(word);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

function run(program: string, words: readonly string[]): void {
  say(`> ${program} ${words.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  execFileSync(program, words, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: INSTALL_DEADLINE_MS,
    env,
  });
}

function install(packages: readonly string[]): boolean {
  const command = ['install', '--yes', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0 || !hasProgram('apt-get')) {
    say(`missing Debian packages; as root: apt-get ${command.join(' ')}`);
    return false;
  }
  run('apt-get', ['update', '--quiet']);
  run('apt-get', ['--quiet', ...command]);
  return true;
}

function setUp(purposes: readonly Purpose[]): boolean {
  const { parts } = findMissing(purposes);
  const packages = [...new Set(parts.flatMap((part) => part.packages))];
  if (packages.length > 0 && !install(packages)) return false;
  if (withWhatTheyNeed(purposes).includes('nfc')) withdrawVirtualReaders(say);
  for (const { addOn, trouble } of findMissing(purposes).addOns) {
    say(`${addOn.name}: ${trouble}`);
    run('npm', ['run', '--silent', addOn.build]);
  }
  const left = findMissing(purposes);
  for (const { what } of left.parts) say(`still missing: ${what}`);
  for (const { addOn, trouble } of left.addOns) say(`still missing: ${addOn.name}: ${trouble}`);
  return left.parts.length + left.addOns.length === 0;
}

const words = process.argv.slice(2);
const unknown = words.find((word) => !isPurpose(word));
if (unknown === undefined) {
  const purposes = words.length === 0 ? PURPOSES : words.filter(isPurpose);
  const isThere = setUp(purposes);
  if (isThere) say(`everything is there for: ${purposes.join(', ')}`);
  process.exitCode = isThere ? 0 : 1;
} else {
  say(`${unknown}: is none of ${PURPOSES.join(', ')}`);
  process.exitCode = 2;
}
