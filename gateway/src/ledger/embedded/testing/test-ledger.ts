import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenesisRequest } from '@tapwatt/chaincode';
import { signOrder } from '@tapwatt/firmware-contracts';
import type { Ledger } from '../../ledger.ts';
import type { EmbeddedLedger } from '../embedded-ledger.ts';
import { type EmbeddedLedgerOptions, openEmbeddedLedger } from '../open.ts';
import { SimulatedDisk } from '../simulated-disk.ts';
import { counterRules } from './counter-rules.ts';

const PKCS8_ED25519 = '302e020100300506032b657004220420';

/** The Ed25519 key of a seed byte. */
export const testKey = (seed = 1): KeyObject =>
  createPrivateKey({
    key: Buffer.from(PKCS8_ED25519 + seed.toString(16).padStart(2, '0').repeat(32), 'hex'),
    format: 'der',
    type: 'pkcs8',
  });

const genesis: GenesisRequest = { ledgerId: 'test', parties: [] };

/** Counts up: unique, and the same in every run. */
export const countingRandom = (start = 0): { bytes(length: number): Uint8Array } => {
  let count = start;
  return {
    bytes(length) {
      const bytes = Buffer.alloc(length);
      bytes.writeUInt32BE(++count, length - 4);
      return bytes;
    },
  };
};

export const txIdNumber = (number: number): string => number.toString(16).padStart(32, '0');

/** A ledger over the counter rules, on a simulated disk unless a directory is given. */
export const openTestLedger = (options: Partial<EmbeddedLedgerOptions> = {}): Promise<EmbeddedLedger> =>
  openEmbeddedLedger({
    directory: 'nowhere',
    signingKey: testKey(),
    genesis,
    clock: { now: () => 1_764_000_000_000 },
    random: countingRandom(),
    rules: counterRules,
    ...(options.directory === undefined ? { place: new SimulatedDisk() } : {}),
    ...options,
  });

/** The counter rules' transactions and queries through the port, whose types know chaincode's names only. */
export interface CounterLedger {
  add(
    account: string,
    amount: number,
    options?: Parameters<Ledger['submit']>[2],
  ): Promise<{
    readonly txId: string;
    readonly blockNumber: number;
    readonly result: { readonly balance: number };
  }>;
  submit(name: string, request: unknown): Promise<{ readonly result: unknown }>;
  read(account: string): Promise<number>;
  evaluate(name: string, request: unknown): Promise<unknown>;
}

export const counters = (ledger: EmbeddedLedger, partyId = 'alice'): CounterLedger => {
  const party = ledger.as({ partyId, role: 'discom' });
  const submit = party.submit.bind(party) as unknown as (
    name: string,
    request: unknown,
    options?: unknown,
  ) => Promise<never>;
  const evaluate = party.evaluate.bind(party) as unknown as (
    name: string,
    request: unknown,
  ) => Promise<never>;
  return {
    add: (account, amount, options) => submit('Add', { account, amount }, options),
    submit,
    read: (account) => evaluate('Read', { account }),
    evaluate,
  };
};

/** An order of the counter rules. */
export const orderOf = (requestId: string, request: object, { kid = 'discom-1', op = 'Add' } = {}): string =>
  signOrder({ aud: 'test', requestId, op, at: 1, request }, { kid, privateKey: testKey(7) });

/** Runs with a directory of its own, removed afterwards. */
export const withDirectory = async <T>(run: (directory: string) => Promise<T>): Promise<T> => {
  const parent = await mkdtemp(join(tmpdir(), 'tapwatt-ledger-'));
  try {
    return await run(join(parent, 'ledger'));
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
};
