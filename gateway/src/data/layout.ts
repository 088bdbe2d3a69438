import { join } from 'node:path';

export const KEY_NAMES = ['master', 'ledger', 'gateway', 'mqtt', 'discom', 'bank', 'agency'] as const;
export const ROLE_KEY_NAMES = ['discom', 'bank', 'agency'] as const;

export type KeyName = (typeof KEY_NAMES)[number];
export type RoleKeyName = (typeof ROLE_KEY_NAMES)[number];

/** Where everything lies in a data directory. */
export interface DataLayout {
  readonly directory: string;
  /** Schema version, one number. */
  readonly version: string;
  readonly keys: string;
  /** The embedded ledger (LevelDB). */
  readonly ledger: string;
  /** What is remembered of handsets' requests that spend nothing (LevelDB). */
  readonly requests: string;
  /** Meters' readings, where no database elsewhere keeps them (LevelDB). */
  readonly readings: string;
  /** Readings on their way to a database elsewhere. */
  readonly readingsQueue: string;
  readonly adminToken: string;
  readonly socket: string;
  keyFile(name: KeyName): string;
  /** Public half of a role key, which may stay when the private one moves to its owner. */
  publicKeyFile(name: RoleKeyName): string;
}

export function dataLayout(directory: string): DataLayout {
  const keys = join(directory, 'keys');
  return {
    directory,
    version: join(directory, 'VERSION'),
    keys,
    ledger: join(directory, 'ledger'),
    requests: join(directory, 'requests'),
    readings: join(directory, 'readings'),
    readingsQueue: join(directory, 'readings-queue'),
    adminToken: join(directory, 'admin.token'),
    socket: join(directory, 'gateway.sock'),
    keyFile: (name) => join(keys, `${name}.key`),
    publicKeyFile: (name) => join(keys, `${name}.pub`),
  };
}
