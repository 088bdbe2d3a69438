import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../edges/system.ts';
import { OutcomeUnknown } from '../errors.ts';
import type { Ledger } from '../ledger.ts';
import { submitSurely } from '../submit-surely.ts';
import { type LoadOnFabric, openLoadOnFabric } from './testing/load-on-fabric.ts';

const EMPTY_LEDGER = fileURLToPath(new URL('../../../../scripts/empty-fabric-ledger.ts', import.meta.url));
/** The deadline for the commit's answer has passed when it is asked for. */
const HASTY = { commitMs: 0 };
const LOOKUP_DEADLINE_MS = 30_000;

let folder: string;
let patient: LoadOnFabric;
let hasty: LoadOnFabric;
let walletId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapwatt-unanswered-'));
  const networkFile = join(folder, 'network.json');
  await writeFile(networkFile, execFileSync(process.execPath, [EMPTY_LEDGER]));
  patient = await openLoadOnFabric({}, networkFile);
  await patient.load.prepare({ as: ({ partyId }) => patient.ledgers[partyId] }, 1);
  walletId = patient.load.name('wallet');
  hasty = await openLoadOnFabric(HASTY, networkFile);
});
afterAll(async () => {
  await hasty?.close();
  await patient?.close();
  await rm(folder, { recursive: true, force: true });
});

const proposal = (depositId: string) => ({ depositId, walletId, amount: '100' });

it('a commit that is not answered in time is unknown, and found by the caller’s id', async () => {
  const txId = 'ab'.repeat(16);
  const submitted = hasty.ledgers.discom.submit('ProposeDeposit', proposal('late'), { txId });
  const error = await submitted.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(OutcomeUnknown);
  expect(error).toMatchObject({ txId });
  const lookup = () => patient.ledgers.discom.lookup(txId).then((found) => found !== undefined);
  await expect.poll(lookup, { timeout: LOOKUP_DEADLINE_MS }).toBe(true);
  expect(await patient.ledgers.gateway.evaluate('GetDeposit', { depositId: 'late' })).not.toBeNull();
});

it('submitted again under its own id until the outcome is known, it is carried out once', async () => {
  const edges = { clock: systemClock, random: systemRandom, signal: AbortSignal.timeout(LOOKUP_DEADLINE_MS) };
  const transaction = { name: 'ProposeDeposit', request: proposal('surely') } as const;
  let attempts = 0;
  const unansweredAtFirst: Ledger = {
    submit(...submitted) {
      attempts += 1;
      const { discom } = attempts === 1 ? hasty.ledgers : patient.ledgers;
      return discom.submit(...submitted);
    },
    evaluate: (name, request) => patient.ledgers.discom.evaluate(name, request),
    lookup: (txId) => patient.ledgers.discom.lookup(txId),
    events: (from, signal) => patient.ledgers.discom.events(from, signal),
    close: async () => undefined,
  };
  const committed = await submitSurely(unansweredAtFirst, transaction, edges);
  expect(attempts).toBeGreaterThan(1);
  const found = await patient.ledgers.discom.lookup(committed.txId);
  expect(found).toEqual(committed);
});
