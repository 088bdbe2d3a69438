import type { GenesisRequest } from '@tapwatt/chaincode';
import { canonicalJson } from '@tapwatt/firmware-contracts';
import { type BlockSigner, hashText } from './block.ts';
import { Group } from './group.ts';
import { type Meta, NO_HEAD, SCHEMA } from './head.ts';
import type { Pace } from './pace.ts';
import { META_ROW } from './rows.ts';
import type { LedgerRules } from './rules.ts';
import type { Session } from './session.ts';
import type { Storage } from './storage.ts';
import { executeTransaction } from './transaction.ts';

const DOMAIN = 'tapwatt/v1/genesis';
const TX_ID_LENGTH = 32;

/** Nobody is registered before block 0, so nobody's name stands under it: the ledger's key signs for it. */
const SUBMITTER = { partyId: 'genesis', role: 'discom' } as const;

/** Writes block 0 with its one transaction, and who the ledger is, in one synced batch. */
export const createLedger = async (
  storage: Storage,
  parts: { genesis: GenesisRequest; rules: LedgerRules; signer: BlockSigner; pace: Pace; at: number },
): Promise<Session> => {
  const { genesis, rules, signer, pace, at } = parts;
  const { ledgerId } = genesis;
  const txId = hashText(`${DOMAIN}\0${ledgerId}`).slice(0, TX_ID_LENGTH);
  const call = { txId, submitter: SUBMITTER, name: 'Genesis', requestJson: canonicalJson(genesis) };
  const group = new Group(0);
  const reader = { get: () => undefined };
  const execution = await executeTransaction(call, { reader, rules, pace, version: group.nextVersion });
  if (execution.outcome !== 'executed') throw execution.error;
  group.add(execution.executed, rules.historyKept);
  const meta: Meta = { schema: SCHEMA, ledgerId, publicKey: signer.publicKey };
  const { head, rows } = group.seal(NO_HEAD, { ledgerId, signer, at });
  await storage.commit([{ key: META_ROW, value: canonicalJson(meta) }, ...rows], { sync: true });
  return { storage, meta, head };
};
