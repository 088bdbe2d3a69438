import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type { Purpose } from './parts.ts';

/** A native add-on that is compiled only where it is wanted, for the Node that runs Tapwatt. */
export interface AddOn {
  readonly name: string;
  readonly for: Purpose;
  /** The npm script that compiles it. */
  readonly build: string;
}

export const ADD_ONS: readonly AddOn[] = [
  { name: '@pokusew/pcsclite', for: 'nfc', build: 'build:nfc' },
  { name: 'pkcs11js', for: 'pkcs11', build: 'build:pkcs11' },
];

export const NOT_INSTALLED = 'it is not installed: npm ci brings it';

/** Why it cannot be loaded; `undefined` where it can. In a process of its own: a broken add-on may end it. */
export function addOnTrouble({ name }: AddOn): string | undefined {
  if (!isInstalled(name)) return NOT_INSTALLED;
  const script = `require(${JSON.stringify(name)})`;
  try {
    execFileSync(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 20_000 });
    return undefined;
  } catch (error) {
    const { stderr } = error as { readonly stderr?: Buffer };
    return /^(?:\w*Error): .*$/m.exec(stderr?.toString() ?? '')?.[0] ?? 'it does not load';
  }
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}
