import type { LedgerState, QueryState, Submitter } from '@tapwatt/chaincode';
import { parseOrder, sha256, TapwattError } from '@tapwatt/firmware-contracts';
import type { LedgerRules, RuleOutcome } from '../rules.ts';

/**
 * Rules small enough to see through: accounts that may not fall below zero. `ACC~` keys keep their history, `LOG~`
 * keys do not. An order is authentic unless its signature part says otherwise.
 */
type Request = { readonly account: string; readonly amount: number };

const read = async (state: Pick<LedgerState, 'get'>, account: string): Promise<number> =>
  Number((await state.get(`ACC~${account}`)) ?? 0);

/** Turns every error into a refusal, as careless rules would. */
const careless = async (state: Pick<LedgerState, 'get'>, account: string): Promise<number> => {
  try {
    return await read(state, account);
  } catch {
    throw new TapwattError('REQUEST_UNKNOWN');
  }
};

const add = async (
  { account, amount }: Request,
  { state, txId }: { state: LedgerState; txId: string },
): Promise<RuleOutcome> => {
  const balance = (await read(state, account)) + amount;
  if (balance < 0) throw new TapwattError('INSUFFICIENT_FUNDS', `${account} would hold ${balance}.`);
  state.put(`ACC~${account}`, String(balance));
  state.put(`LOG~${account}~${txId}`, String(amount));
  return { result: { balance }, event: { name: 'Added', payload: { account, balance } } };
};

export const counterRules: LedgerRules = {
  async runTransaction(name, request, { state, submitter, txId }) {
    switch (name) {
      case 'Genesis':
        state.put('GEN~', JSON.stringify(request));
        return { result: null };
      case 'Add':
        return add(request as Request, { state, txId });
      case 'Who':
        state.put('ACC~who', submitter.partyId);
        return { result: submitter };
      case 'Careless':
        return { result: await careless(state, 'a') };
      case 'Break':
        throw new RangeError('a bug');
      default:
        throw new TapwattError('BAD_REQUEST', `${name} is no transaction.`);
    }
  },
  async runQuery(name, request, state) {
    const { account } = request as { account: string };
    if (name === 'Read') return read(state, account);
    if (name === 'Careless') return careless(state, account);
    if (name === 'History') return historyOf(state, account);
    if (name === 'All') return allOf(state);
    throw new TapwattError('BAD_REQUEST', `${name} is no query.`);
  },
  async authenticateOrder(_state, jws) {
    const { kid, payload, payloadBytes } = parseOrder(jws);
    if (kid === 'stranger') throw new TapwattError('PARTY_UNKNOWN');
    const submitter: Submitter = { partyId: kid, role: 'discom' };
    const payloadHash = Buffer.from(sha256(payloadBytes)).toString('hex');
    return {
      submitter,
      name: payload.op,
      request: payload.request,
      requestId: payload.requestId,
      payloadHash,
    };
  },
  historyKept: (key) => key.startsWith('ACC~'),
};

const historyOf = async (state: QueryState, account: string): Promise<unknown> => {
  const values: unknown[] = [];
  for await (const { txId, blockNumber, value } of state.history(`ACC~${account}`)) {
    values.push({ txId, blockNumber, value });
  }
  return values;
};

const allOf = async (state: QueryState): Promise<Record<string, string>> => {
  const all: Record<string, string> = {};
  for await (const [key, value] of state.range('ACC~', 'ACC~~', 1000)) all[key] = value;
  return all;
};
