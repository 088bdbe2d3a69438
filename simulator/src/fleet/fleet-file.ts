import { readFileSync, statSync } from 'node:fs';
import { TapwattError } from '@tapwatt/firmware-contracts';

/** A meter as the factory and the broker know it. */
export interface FleetMeter {
  /** Decimal. */
  readonly meterId: string;
  readonly keyEpoch: number;
  /** Kroot, 64 hex digits. */
  readonly rootKey: string;
  readonly identity: string;
  readonly password: string;
  /** Minor units, decimal. */
  readonly balanceLimit: string;
}

/** An agent's handset and the wallet that it spends from. */
export interface FleetHandset {
  readonly id: string;
  readonly walletId: string;
  /** Ed25519, PKCS#8 PEM. */
  readonly privateKey: string;
  readonly identity: string;
  readonly password: string;
}

/** Everything that simulated devices need to know; it holds their secrets, so its file is for its owner only. */
export interface Fleet {
  readonly site: string;
  readonly ledgerId: string;
  readonly broker: { readonly host: string; readonly port: number };
  readonly meters: readonly FleetMeter[];
  readonly handsets: readonly FleetHandset[];
}

type Check = 'text' | 'number' | { readonly [name: string]: Check } | readonly [Check];

const FLEET: Check = {
  site: 'text',
  ledgerId: 'text',
  broker: { host: 'text', port: 'number' },
  meters: [
    {
      meterId: 'text',
      keyEpoch: 'number',
      rootKey: 'text',
      identity: 'text',
      password: 'text',
      balanceLimit: 'text',
    },
  ],
  handsets: [{ id: 'text', walletId: 'text', privateKey: 'text', identity: 'text', password: 'text' }],
};

const OPEN_TO_OTHERS = 0o077;

const isList = (check: Check): check is readonly [Check] => Array.isArray(check);

/** Every place where `value` is not as `check` says, as `path: what`. */
const mistakes = (value: unknown, check: Check, path: string): readonly string[] => {
  if (check === 'text') return typeof value === 'string' && value !== '' ? [] : [`${path}: must be a text`];
  if (check === 'number') return Number.isSafeInteger(value) ? [] : [`${path}: must be a whole number`];
  if (isList(check)) {
    return Array.isArray(value)
      ? value.flatMap((item, i) => mistakes(item, check[0], `${path}[${i}]`))
      : [`${path}: must be a list`];
  }
  if (typeof value !== 'object' || value === null) return [`${path}: must be an object`];
  const members = value as Record<string, unknown>;
  return Object.entries(check).flatMap(([name, inner]) => mistakes(members[name], inner, `${path}.${name}`));
};

/** A fleet from its parsed JSON. Throws CONFIG_INVALID naming every wrong place at once. */
export const parseFleet = (value: unknown): Fleet => {
  const wrong = mistakes(value, FLEET, 'fleet');
  if (wrong.length > 0) throw new TapwattError('CONFIG_INVALID', wrong.join('\n'));
  return value as Fleet;
};

const parseJson = (text: string, path: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TapwattError('CONFIG_INVALID', `${path}: not JSON: ${(cause as Error).message}`, { cause });
  }
};

const readText = (path: string): string => {
  try {
    const { mode } = statSync(path);
    if (process.platform !== 'win32' && (mode & OPEN_TO_OTHERS) !== 0) {
      throw new TapwattError('KEY_FILE', `${path} holds keys and is open to others. Run: chmod 600 ${path}`);
    }
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof TapwattError) throw cause;
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (cause as Error).message;
    throw new TapwattError('CONFIG_INVALID', `${path}: ${why}. The launcher (npm start) writes one.`, {
      cause,
    });
  }
};

/** Reads a fleet file. Throws CONFIG_INVALID or KEY_FILE, saying what to do. */
export const readFleetFile = (path: string): Fleet => {
  try {
    return parseFleet(parseJson(readText(path), path));
  } catch (error) {
    if (!(error instanceof TapwattError) || error.message.startsWith(path)) throw error;
    throw new TapwattError(error.code, error.message.replaceAll('fleet.', `${path}: `), { cause: error });
  }
};
