import { type AddOn, NOT_INSTALLED } from './system/add-ons.ts';
import { findMissing } from './system/find-missing.ts';
import { hasProgram, PURPOSES, type Purpose, withWhatTheyNeed } from './system/parts.ts';
import { commandTrouble } from './system/run-command.ts';
import { withdrawVirtualReaders } from './system/virtual-readers.ts';

/**
 * `npm run setup:system [-- nfc serial …]`: what the operating system must have for readers, lines, tokens and the rings
 * that test them (`nfc` is what a gateway with readers needs, `nfc-ring` has virtual ones). Installs it where it may (root,
 * on Debian), names it otherwise; compiles the native add-ons.
 * Exit 0 when everything is there, 1 when something is missing, 2 for a purpose that there is not.
 */
const isPurpose = (word: string): word is Purpose => (PURPOSES as readonly string[]).includes(word);
const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Whether it went well; what it says itself stands before what is said of its failure. */
function run(command: readonly [string, ...string[]], remedy: string): boolean {
  const [program, ...words] = command;
  say(`> ${command.join(' ')}`);
  const trouble = commandTrouble(program, words);
  if (trouble !== undefined) say(`${trouble}. ${remedy}`);
  return trouble === undefined;
}

function install(packages: readonly string[]): boolean {
  const command = ['install', '--yes', '--no-install-recommends', ...packages];
  if (process.getuid?.() !== 0 || !hasProgram('apt-get')) {
    say(`missing Debian packages; as root: apt-get ${command.join(' ')}`);
    return false;
  }
  const remedy =
    'Put right what it says above (network, package sources, another apt at work), and run this again.';
  return run(['apt-get', 'update', '--quiet'], remedy) && run(['apt-get', '--quiet', ...command], remedy);
}

function compile({ name, build }: AddOn): boolean {
  const remedy = `Put right what it says above; it must be run by a user who may write node_modules/${name}.`;
  return run(['npm', 'run', '--loglevel=error', build], remedy);
}

function setUp(purposes: readonly Purpose[]): boolean {
  const { parts } = findMissing(purposes);
  const packages = [...new Set(parts.flatMap((part) => part.packages))];
  const isInstalled = packages.length === 0 || install(packages);
  if (withWhatTheyNeed(purposes).includes('nfc')) withdrawVirtualReaders(say);
  if (!isInstalled) return false;
  for (const { addOn, trouble } of findMissing(purposes).addOns) {
    say(`${addOn.name}: ${trouble}`);
    if (trouble === NOT_INSTALLED || !compile(addOn)) return false;
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
