import { expect, it } from 'vitest';
import { LedgerUnavailable } from '../ledger/errors.ts';
import type { RequestOf } from './authenticate.ts';
import type { DeskPorts } from './ports.ts';
import { answerQuery } from './query.ts';

const request = {
  ...{ handsetId: 'h', agentId: 'a', requestId: 'q', payload: { op: 'query', of: 'r' } },
} as unknown as RequestOf<'query'>;

const journal = { find: () => ({ payloadHash: '', op: 'issue' }) };

it('knows of no such request where the ledger says so', async () => {
  const ports = { journal, ledger: { evaluate: async () => null } } as unknown as DeskPorts;
  await expect(answerQuery(ports, request)).rejects.toMatchObject({ code: 'REQUEST_UNKNOWN' });
});

it('says nothing of a request while the ledger is away, for it may have issued its voucher', async () => {
  const away = () => Promise.reject(new LedgerUnavailable('away'));
  const ports = { journal, ledger: { evaluate: away } } as unknown as DeskPorts;
  await expect(answerQuery(ports, request)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
});
