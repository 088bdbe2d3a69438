import type { Finding } from './finding.ts';
import { type GlobalUse, globalUses } from './global-names.ts';
import { lineAt } from './module-text.ts';
import { type ModuleUse, moduleUses } from './module-uses.ts';
import { parseModule } from './syntax-tree.ts';

/** What is there without being passed in, by name: a whole (`performance`) or one member or export (`Date.now`). */
export interface Supply {
  /** name → what it does. */
  readonly globals: Readonly<Record<string, string>>;
  /** Modules, without `node:`. */
  readonly modules: Readonly<Record<string, string>>;
}

const READS_THE_CLOCK = 'reads the clock';
const SETS_A_TIMER = 'sets a timer';
const MAKES_CHANCE = 'makes randomness';
const TAKES_A_TURN = 'waits for a turn of the event loop';

const CHANCE_OF_CRYPTO: readonly string[] = [
  ...['randomBytes', 'randomUUID', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'],
  ...['pseudoRandomBytes', 'prng', 'rng', 'webcrypto'],
  ...['generateKey', 'generateKeySync', 'generateKeyPair', 'generateKeyPairSync'],
  ...['generatePrime', 'generatePrimeSync', 'createECDH', 'createDiffieHellman'],
];

/** Clocks, timers and randomness. */
export const CLOCK_AND_CHANCE: Supply = {
  globals: {
    'Date.now': READS_THE_CLOCK,
    performance: READS_THE_CLOCK,
    'process.hrtime': READS_THE_CLOCK,
    'process.uptime': READS_THE_CLOCK,
    setTimeout: SETS_A_TIMER,
    setInterval: SETS_A_TIMER,
    setImmediate: TAKES_A_TURN,
    'AbortSignal.timeout': SETS_A_TIMER,
    'Atomics.wait': SETS_A_TIMER,
    'Atomics.waitAsync': SETS_A_TIMER,
    'Math.random': MAKES_CHANCE,
    'crypto.randomUUID': MAKES_CHANCE,
    'crypto.getRandomValues': MAKES_CHANCE,
  },
  modules: {
    timers: SETS_A_TIMER,
    'timers/promises': SETS_A_TIMER,
    perf_hooks: READS_THE_CLOCK,
    'process.hrtime': READS_THE_CLOCK,
    'process.uptime': READS_THE_CLOCK,
    'os.uptime': READS_THE_CLOCK,
    ...Object.fromEntries(CHANCE_OF_CRYPTO.map((name) => [`crypto.${name}`, MAKES_CHANCE])),
  },
};

/** Every place where a file takes some of this. */
export function usesOf(
  supply: Supply,
  { file, text, remedy }: { readonly file: string; readonly text: string; readonly remedy: string },
): Finding[] {
  const program = parseModule(text);
  const globals = globalUses(program).map((use) => ({ start: use.start, what: whatGlobalDoes(use, supply) }));
  const modules = moduleUses(program).flatMap((use) =>
    use.names.map((name) => ({ start: use.start, what: whatExportDoes(use, name, supply) })),
  );
  return [...globals, ...modules].flatMap(({ start, what }) =>
    what === undefined ? [] : [{ file, line: lineAt(text, start), message: `${what}; ${remedy}` }],
  );
}

function whatGlobalDoes({ path, as }: GlobalUse, { globals }: Supply): string | undefined {
  const [name = '', member = '*'] = path;
  if (as === 'compared') return undefined;
  if (name === 'globalThis') return 'globalThis, taken whole, gives the whole machine';
  const isDateOfTime = name === 'Date' && path.length === 1 && as === 'made-of-arguments';
  return isDateOfTime ? undefined : whatPartDoes(globals, name, member);
}

function whatExportDoes({ module }: ModuleUse, name: string, { modules }: Supply): string | undefined {
  return whatPartDoes(modules, module, name);
}

/** Of a whole that is taken as it is, `*`, any of its parts may be used. */
function whatPartDoes(
  supply: Readonly<Record<string, string>>,
  whole: string,
  part: string,
): string | undefined {
  if (Object.hasOwn(supply, whole)) return `${part === '*' ? whole : `${whole}.${part}`} ${supply[whole]}`;
  if (part !== '*') {
    const does = Object.hasOwn(supply, `${whole}.${part}`) ? supply[`${whole}.${part}`] : undefined;
    return does && `${whole}.${part} ${does}`;
  }
  const some = Object.keys(supply).find((name) => name.startsWith(`${whole}.`));
  return some && `${whole}, taken whole, ${supply[some]}`;
}
