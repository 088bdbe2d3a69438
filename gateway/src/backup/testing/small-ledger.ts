import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { rawPublicKey } from '@tapwatt/firmware-contracts';
import { openDataDirectory } from '../../data/open.ts';
import { type EmbeddedLedger, openEmbeddedLedger } from '../../ledger/embedded/index.ts';

export const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
export const clock = { nowMs: () => Date.now() };

/** A development data directory with its keys and, in the end, an open ledger of so many agents. */
export async function ledgerWith(directory: string, agents: number) {
  const { layout, keys } = await openDataDirectory({ directory, profile: 'development', random });
  const ledger = await openEmbeddedLedger({
    directory: layout.ledger,
    signingKey: keys.ledger,
    clock: { now: () => Date.now() },
    random: { bytes: random },
    genesis: {
      ledgerId: 'small',
      parties: [
        { id: 'discom', role: 'discom', publicKey: keys.roles.discom },
        { id: 'agency', role: 'agency', publicKey: keys.roles.agency },
        { id: 'gateway', role: 'gateway', publicKey: rawPublicKey(keys.gateway) },
      ],
    },
  });
  await addAgents(ledger, 0, agents);
  return { layout, keys, ledger };
}

export async function addAgents(ledger: EmbeddedLedger, from: number, to: number): Promise<void> {
  const discom = ledger.as({ partyId: 'discom', role: 'discom' });
  const names = Array.from({ length: to - from }, (_, n) => `agent-${from + n}`);
  await Promise.all(names.map((id) => discom.submit('RegisterAgent', { id, agencyId: 'agency' })));
}

/** The ledger key as its file has it. */
export async function ledgerKeyOf(path: string) {
  const text = await readFile(path, 'utf8');
  return createPrivateKey(text.slice(text.indexOf('-----BEGIN')));
}
