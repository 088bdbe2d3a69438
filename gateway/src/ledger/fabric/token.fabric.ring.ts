import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FabricNetwork, identityOfParty, partyOf } from './network-file.ts';
import { type LoadOnFabric, openLoadOnFabric } from './testing/load-on-fabric.ts';
import { makeSoftToken, type SoftToken } from './testing/soft-token.ts';

const EMPTY_LEDGER = fileURLToPath(new URL('../../../../scripts/empty-fabric-ledger.ts', import.meta.url));
const AT_ONCE = 100;

let folder: string;
let token: SoftToken;
let network: FabricNetwork;
let signing: LoadOnFabric;
let wrongPin: unknown;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tapwatt-token-'));
  token = await makeSoftToken(folder);
  const described: FabricNetwork = JSON.parse(
    execFileSync(process.execPath, [EMPTY_LEDGER], { encoding: 'utf8' }),
  );
  const parties = described.parties.map((party) => ({ ...party, key: token.take(party.key) }));
  network = { ...described, parties };
  const networkFile = join(folder, 'network.json');
  await writeFile(networkFile, JSON.stringify(network));
  wrongPin = await refusalOfWrongPin();
  signing = await openLoadOnFabric({}, networkFile);
});
afterAll(async () => {
  await signing?.close();
  await rm(folder, { recursive: true, force: true });
});

it('parties whose keys lie in a token commit and ask, many at once', async () => {
  const { load, ledgers } = signing;
  await load.prepare({ as: ({ partyId }) => ledgers[partyId] }, 1);
  const walletId = load.name('wallet');
  const depositIds = Array.from({ length: AT_ONCE }, (_, n) => `token-${n}`);
  const commits = depositIds.map((depositId) =>
    ledgers.discom.submit('ProposeDeposit', { depositId, walletId, amount: '100' }),
  );
  const queries = depositIds.map(() => ledgers.gateway.evaluate('GetLedger', {}));
  expect(await Promise.all(commits)).toHaveLength(AT_ONCE);
  expect(new Set((await Promise.all(queries)).map((ledger) => ledger?.ledgerId)).size).toBe(1);
  const found = depositIds.map((depositId) => ledgers.gateway.evaluate('GetDeposit', { depositId }));
  expect(await Promise.all(found)).not.toContain(null);
});

it('a key that is not the certificate’s, one that is not there, and a wrong PIN are said before anything is asked', async () => {
  const { key } = partyOf(network, 'gateway');
  const anothers = await refusal(partyOf(network, 'bank').key);
  expect(anothers).toMatchObject({ code: 'KEY_FILE', message: expect.stringContaining('not that of key') });
  const nowhere = await refusal(key.replace(/id=%\w\w/, 'id=%7f'));
  expect(nowhere).toMatchObject({ code: 'KEY_FILE', message: expect.stringContaining('key 7f of token') });
  expect(wrongPin).toMatchObject({
    code: 'KEY_FILE',
    message: expect.stringContaining('CKR_PIN_INCORRECT'),
  });
});

/** Why the gateway cannot sign with a key. */
const refusal = (key: string): Promise<unknown> =>
  identityOfParty({ ...partyOf(network, 'gateway'), key }).catch((error: unknown) => error);

/** Before anybody is logged in: a library may ask no PIN then. */
async function refusalOfWrongPin(): Promise<unknown> {
  const pin = await readFile(token.pinFile);
  await writeFile(token.pinFile, '0000\n');
  const refused = await refusal(partyOf(network, 'gateway').key);
  await writeFile(token.pinFile, pin);
  return refused;
}
